/** Cursors: a list's position, sealed so that only the same list of the same tenant with the same filters takes it back. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { canonicalJson } from "../../domain/kernel/canonical-json.ts";
import { shellProblem } from "../../domain/kernel/problem.ts";

/** `list` names what the cursor belongs to: partition, operation and filters. */
export function cursorSeal(secret: string, list: unknown) {
  const macOf = (payload: string) =>
    createHmac("sha256", secret)
      .update(canonicalJson(["cursor", list, payload]))
      .digest("base64url")
      .slice(0, 22);
  return {
    seal(position: unknown): string {
      const payload = Buffer.from(JSON.stringify(position)).toString("base64url");
      return `${payload}.${macOf(payload)}`;
    },
    open(cursor: string): unknown {
      const [payload = "", ...rest] = cursor.split(".");
      const expected = Buffer.from(macOf(payload));
      const given = Buffer.from(rest.join("."));
      if (given.length !== expected.length || !timingSafeEqual(given, expected))
        throw shellProblem("invalid_cursor", {
          errors: [{ in: "query", pointer: "/cursor", code: "invalid_cursor", detail: "Start again without a cursor." }],
        });
      return JSON.parse(Buffer.from(payload, "base64url").toString());
    },
  };
}
