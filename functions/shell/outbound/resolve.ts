import { Resolver } from "node:dns/promises";

/** All addresses of a name, of both families. Fails when there is none, or no answer. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

/**
 * Asks the name servers directly, and not the operating system: its look-ups wait in line for a few threads, so that one
 * tenant's dead name server would hold up the deliveries of all. The resolver is made for each look-up, which costs
 * microseconds, because it learns the name servers when it is made and a laptop changes networks.
 */
export const resolveName: Resolve = async (hostname) => {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const [ipv4, ipv6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  const addresses = [ipv4, ipv6].flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  if (addresses.length === 0 && ipv4.status === "rejected") throw ipv4.reason;
  return addresses;
};
