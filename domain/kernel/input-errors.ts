/** What a schema found wrong with a request, or with what a patch would make of an object. */
import type * as z from "zod";
import type { InputError } from "./problem.ts";

/** One for each place; an unknown field is pointed at itself. `under` is where the value stands in that part of the request. */
export const inputErrors = ({ issues }: z.ZodError, place: InputError["in"], under = ""): InputError[] =>
  issues.flatMap((issue) => {
    const paths: PropertyKey[][] = issue.code === "unrecognized_keys" ? issue.keys.map((name) => [...issue.path, name]) : [issue.path];
    return paths.map((path) => ({
      in: place,
      pointer: under + path.map((part) => `/${escapePointer(part)}`).join(""),
      code: codeOf(issue),
      detail: issue.message,
    }));
  });

const escapePointer = (part: PropertyKey) => String(part).replaceAll("~", "~0").replaceAll("/", "~1");

function codeOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return "unknown_field";
  if (issue.code === "custom") return (issue.params?.["code"] as string | undefined) ?? "invalid_value";
  return issue.code;
}
