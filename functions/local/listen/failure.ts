/** Why listening cannot start or go on, in one line for the person who started it; anything else that is thrown is a defect. */
export class ListenFailure extends Error {}
