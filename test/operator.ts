/** An operator at a terminal: runs the programs of infra/restore with the endpoints that stand for AWS. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import type { SQSRecord } from "aws-lambda";
import { startSqs } from "./lambdas/sqs.ts";

export type Ended = { readonly code: number | null; readonly output: string };
export type Operator = {
  readonly queueUrl: string;
  /** Program of infra/restore, its arguments, and at the end what differs in the environment. */
  run(program: string, ...args: (string | Record<string, string>)[]): Promise<Ended>;
  start(program: string, ...args: string[]): { kill(): Promise<void> };
  node(...args: string[]): Promise<Ended>;
  stop(): void;
};

export async function startOperator(endpoints: { dynamodb: string; lambda: string; s3?: string }): Promise<Operator> {
  const sqs = await startSqs(
    () => true,
    async (entries) => {
      const { handler } = await import("../functions/deliver-webhook.ts");
      await handler({ Records: entries.map(({ body }) => ({ messageId: randomUUID(), body }) as SQSRecord) });
    },
  );
  const { TABLE_NAME: _, DYNAMODB_ENDPOINT: _1, AWS_PROFILE: _2, ...inherited } = process.env;
  const env = {
    ...inherited,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_S3: endpoints.s3 ?? "",
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "operator",
    AWS_SECRET_ACCESS_KEY: "operator",
  };
  const begin = (args: string[], more: Record<string, string> = {}): ChildProcess =>
    spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...args], { env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = (child: ChildProcess) => new Promise<number | null>((resolve) => child.once("exit", resolve));
  const whole = async (child: ChildProcess): Promise<Ended> => {
    const [code, out, errors] = await Promise.all([ended(child), ...[child.stdout, child.stderr].map((stream) => text(stream as NonNullable<typeof stream>))]);
    return { code: code as number | null, output: `${out}${errors}` };
  };
  return {
    queueUrl: sqs.queueUrl,
    run: (program, ...args) =>
      whole(
        begin(
          [`infra/restore/${program}`, ...args.filter((arg) => typeof arg === "string")],
          Object.assign({}, ...args.filter((arg) => typeof arg !== "string")),
        ),
      ),
    start(program, ...args) {
      const child = begin([`infra/restore/${program}`, ...args]);
      return {
        async kill() {
          child.kill("SIGKILL");
          await ended(child);
        },
      };
    },
    node: (...args) => whole(begin(args)),
    stop: () => sqs.stop(),
  };
}
