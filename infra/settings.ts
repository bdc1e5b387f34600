/** What differs between stages, and what each Lambda gets: the only place for numbers about a deployment. */
export type StageSettings = {
  readonly name: "dev" | "prod";
  readonly logRetentionDays: number;
};

export const stages: readonly StageSettings[] = [
  { name: "dev", logRetentionDays: 7 },
  { name: "prod", logRetentionDays: 90 },
];

export type LambdaSettings = { readonly memoryMegabytes: number; readonly timeoutSeconds: number };
/** API Gateway gives up after 30 seconds; a request gives up before that, so that the caller gets an answer. */
export const httpLambda: LambdaSettings = { memoryMegabytes: 1024, timeoutSeconds: 20 };
