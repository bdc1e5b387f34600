/** Which addresses a webhook may be sent to: those of the public internet, and nothing that leads back inside. */
import { BlockList, isIP } from "node:net";

/**
 * Sources: the IANA IPv4 Special-Purpose Address Registry, and for multicast and class E the IPv4 Address Space Registry.
 * Relays and anycast services that are globally reachable by the registry (AS112, AMT, 6to4, 192.0.0.9) are in it too: no webhook is received there.
 */
const specialIpv4 = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8], // private use
  ["100.64.0.0", 10], // shared by carriers
  ["127.0.0.0", 8], // loopback
  ["169.254.0.0", 16], // link-local, and the metadata services of clouds
  ["172.16.0.0", 12], // private use
  ["192.0.0.0", 24], // protocol assignments
  ["192.0.2.0", 24], // documentation
  ["192.31.196.0", 24], // AS112
  ["192.52.193.0", 24], // AMT relays
  ["192.88.99.0", 24], // 6to4 relays
  ["192.168.0.0", 16], // private use
  ["192.175.48.0", 24], // AS112
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
] as const;

/** Only this is handed out as global unicast (IANA IPv6 Address Space Registry): mapped, compatible, local and multicast addresses lie outside. */
const globalIpv6 = ["2000::", 3] as const;

/** Source: the IANA IPv6 Special-Purpose Address Registry, as far as it lies within the global unicast range. */
const specialIpv6 = [
  ["2001::", 23], // protocol assignments: Teredo, benchmarks, ORCHID
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4, which embeds an IPv4 address
  ["2620:4f:8000::", 48], // AS112
  ["3fff::", 20], // documentation
] as const;

/** In a network without IPv4 the resolver answers so for every IPv4 host (RFC 6052): judged by the embedded address. */
const nat64 = "64:ff9b::";

const loopbackIpv4 = new BlockList();
loopbackIpv4.addSubnet("127.0.0.0", 8, "ipv4");

const global = new BlockList();
global.addSubnet(...globalIpv6, "ipv6");
global.addSubnet(nat64, 96, "ipv6");

const special = new BlockList();
for (const [network, prefix] of specialIpv4) {
  special.addSubnet(network, prefix, "ipv4");
  special.addSubnet(nat64 + network, 96 + prefix, "ipv6");
}
for (const [network, prefix] of specialIpv6) special.addSubnet(network, prefix, "ipv6");

/** Whether a request may leave for this address. What is no address, or carries a zone (`%eth0`), is not public. */
export function isPublicAddress(address: string): boolean {
  if (address.includes("%")) return false;
  const version = isIP(address);
  if (version === 4) return !special.check(address, "ipv4");
  return version === 6 && global.check(address, "ipv6") && !special.check(address, "ipv6");
}

/** 127.0.0.0/8 and ::1 as addresses are written by `URL` and by sockets; not their forms mapped into IPv6. */
export const isLoopbackAddress = (address: string): boolean => address === "::1" || (isIP(address) === 4 && loopbackIpv4.check(address, "ipv4"));
