/** `npm run deploy -- <stage>`: all stacks of a stage, in their order. Further options go to the CDK's own command. */
import { spawnSync } from "node:child_process";
import { stages } from "./settings.ts";

const [stage, ...options] = process.argv.slice(2);
const names: readonly string[] = stages.map(({ name }) => name);
if (stage === undefined || !names.includes(stage)) {
  console.error(`Use: npm run deploy -- <${names.join("|")}> [options of cdk deploy, such as --require-approval never]`);
  process.exit(1);
}
if (!stages.some(({ name, alarmEmail }) => name === stage && alarmEmail))
  console.warn(`Nobody is told of alarms: ${stage} has no alarmEmail in infra/settings.ts.`);
const { status } = spawnSync("cdk", ["deploy", `${stage}/*`, "--strict", "--outputs-file", `.cdk.out/${stage}-outputs.json`, ...options], { stdio: "inherit" });
process.exit(status ?? 1);
