/** What a person sees of an event: one line. What a program sees: one line of JSON. */
import { styleText } from "node:util";
import type { WebhookEvent } from "../../../openapi/sdk/webhooks/webhook-event.ts";
import type { Forwarded } from "./forward.ts";

/** `attempt`: how often this event has arrived. */
export type Shown = { readonly event: WebhookEvent; readonly attempt: number; readonly forwarded?: Forwarded };
/** What a program needs to begin: names as in the API. */
export type Start = { readonly tenantId: string; readonly livemode: boolean; readonly endpointId?: string; readonly secret: string };
export type Print = { start(text: string, start: Start): void; event(shown: Shown): void; refused(code: string, message: string): void };

const typeWidth = 28;
const writeJson = (value: object) => console.log(JSON.stringify(value));

export const jsonPrint: Print = {
  start: (_, start) => writeJson({ listening: start }),
  event: (shown) => writeJson({ receivedAt: new Date().toISOString(), verified: true, ...shown }),
  refused: (code) => writeJson({ receivedAt: new Date().toISOString(), verified: false, code }),
};

/** `styleText` leaves colours out when nobody looks at a terminal, or NO_COLOR says so. */
export const linePrint: Print = {
  start: (text) => console.log(text),
  event: ({ event, attempt, forwarded }) =>
    console.log(
      [
        styleText("dim", clockTime()),
        event.type.padEnd(typeWidth),
        String(event.data.object["id"] ?? event.id),
        styleText("dim", `#${event.sequence}`),
        ...(attempt > 1 ? [styleText("yellow", `attempt ${attempt}`)] : []),
        ...(forwarded ? [outcome(forwarded)] : []),
      ].join("  "),
    ),
  refused: (code, message) => console.log([styleText("dim", clockTime()), styleText("red", `refused: ${code}`), message].join("  ")),
};

function outcome({ status, failure, milliseconds }: Forwarded): string {
  const isTaken = status !== undefined && status >= 200 && status < 300;
  return `${styleText(isTaken ? "green" : "red", String(status ?? failure))} in ${milliseconds} ms`;
}

function clockTime(): string {
  const now = new Date();
  const [hours, minutes, seconds] = [now.getHours(), now.getMinutes(), now.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${hours}:${minutes}:${seconds}.${String(now.getMilliseconds()).padStart(3, "0")}`;
}
