/** The whole product for a test file: its own engine and data folder, real HTTP, every answer checked against its schema. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Clientele } from "../functions/local/runtime.ts";
import { connect } from "./http-client.ts";

export { type Answer, type CallOptions, call, eventually, type Json, keyWith, newTenant, type TenantKeys } from "./http-client.ts";

const dataDir = mkdtempSync(join(tmpdir(), "clientele-test-"));
process.env["VALIDATE_OUTPUT"] = "true";
// With DYNAMODB_ENDPOINT the suite runs on another engine, which all files share: each takes a table of its own.
process.env["TABLE_NAME"] ??= `clientele-${process.pid}-${Date.now()}`;
// CLIENTELE_SHAPE=lambdas: a suite that speaks HTTP only runs against the bundled Lambdas as well.
const shape = process.env["CLIENTELE_SHAPE"] === "lambdas" ? import("./lambdas/deployed-shape.ts") : import("../functions/local/runtime.ts");
const { startClientele } = await shape;

export const clientele: Clientele = await startClientele({ port: 0, dataDir });
connect(clientele);
afterAll(async () => {
  await clientele.stop();
  rmSync(dataDir, { recursive: true });
});

export const { baseUrl, demo } = clientele;
