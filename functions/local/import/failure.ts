/** Why the import cannot go on, in one line for the person who started it; anything else that is thrown is a defect. */
export class ImportFailure extends Error {}
