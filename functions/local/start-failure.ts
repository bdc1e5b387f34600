/** Why Clientele cannot start here, in one line for the person who started it; anything else that is thrown is a defect. */
export class StartFailure extends Error {}
