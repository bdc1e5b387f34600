import type { DueWork } from "../kernel/due-work.ts";
import { revise } from "../kernel/revision.ts";
import { replace } from "../kernel/table.ts";
import type { ApiKeyRecord } from "./api-key.ts";
import { secretRemovals } from "./revoke-api-key.ts";

/** The authenticator refuses an expired key by the clock; this takes its secrets out of the table. */
export const expireApiKey: DueWork<ApiKeyRecord> = {
  kind: "expire_api_key",
  description: "Removes the secrets of an API key whose expiry has come.",
  async run({ now }, at, record) {
    return { changes: [replace(at, record, revise(record, {}, now)), ...secretRemovals(record)] };
  },
};
