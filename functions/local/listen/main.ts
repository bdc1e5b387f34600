/** `npm run listen`: shows a tenant's events as they happen, and forwards them to a server on this machine, until Ctrl-C. */
import { whoAmI } from "./api.ts";
import { ListenFailure } from "./failure.ts";
import { type Options, readOptions } from "./options.ts";
import { jsonPrint, linePrint } from "./print.ts";
import { pullEvents } from "./pull.ts";
import { type Listening, receiveDeliveries } from "./receive.ts";

async function main(): Promise<void> {
  const options = readOptions();
  const print = options.json ? jsonPrint : linePrint;
  const [listen, scopes] = options.pull ? ([pullEvents, ["events:read"]] as const) : ([receiveDeliveries, ["webhooks:read", "webhooks:write"]] as const);
  const caller = await whoAmI(options, scopes);
  const listening = await listen(options, caller, options, print);
  stopOnSignal(listening);
  const { tenant, livemode } = caller;
  const { secret, endpointId } = listening;
  const title = `Listening to ${livemode ? "live" : "test"} events of ${tenant.name} (${tenant.id}) at ${options.baseUrl}. Ctrl-C stops it.`;
  print.start(`${title}\n\n${table(listening, options)}\n`, { tenantId: tenant.id, livemode, secret, ...(endpointId && { endpointId }) });
}

function table({ endpointId, secret }: Listening, { eventTypes, forwardTo }: Options): string {
  const rows = [
    ["Events", eventTypes.join(", ")],
    endpointId ? ["Endpoint", `${endpointId}, removed at the end`] : ["Endpoint", "none: the API is asked every second, and each event is sent once"],
    ["Secret", endpointId ? secret : `${secret}, of this run`],
    ["Forward", forwardTo ?? "nowhere; --forward http://127.0.0.1:8080/hook sends them on"],
  ];
  return rows.map(([name = "", value]) => `  ${name.padEnd(9)} ${value}`).join("\n");
}

/** A terminal signals npm and this process, and npm passes its own on: the second must not cut the tidying short. */
function stopOnSignal(listening: Listening): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    await listening.stop().catch(fail);
    process.exit();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
}

function fail(error: unknown): void {
  console.error(error instanceof ListenFailure ? error.message : error);
  process.exitCode = 1;
}

await main().catch(fail);
