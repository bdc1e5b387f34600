/** What a Lambda does besides the table: given to the shell by the Lambdas that need it, so that the others do not carry it. */
import type { Message, Outside } from "../../domain/kernel/outside.ts";
import { complain } from "./metrics.ts";

export type Effects = Outside & { send(partition: string, messages: readonly Message[]): Promise<void> };

const notGiven = () => {
  throw new Error("This Lambda has no effects besides the table: give them to httpLambda.");
};
export const noEffects: Effects = { refusalOfTarget: notGiven, sign: notGiven, send: notGiven };

/** After a commit, so its failure is not the request's: due work finds what was not sent. */
export async function sendAfterCommit({ send }: Pick<Effects, "send">, partition: string, messages: readonly Message[] = []): Promise<void> {
  if (messages.length === 0) return;
  await send(partition, messages).catch((error: unknown) => {
    complain("MessagesNotSent", "messages not sent", error, { partition, messages: messages.length }, messages.length);
  });
}
