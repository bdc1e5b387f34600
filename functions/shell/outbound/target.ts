/** Where webhooks may be sent (server-side request forgery): judged when an endpoint is written, and by `post` again at every attempt. */
import { isIP } from "node:net";
import { isLoopbackAddress, isPublicAddress } from "./address.ts";
import { type Resolve, resolveName } from "./resolve.ts";

export type TargetRefusal = {
  code: "malformed" | "not_https" | "has_userinfo" | "has_fragment" | "host_not_allowed" | "private_address" | "port_not_allowed";
  /** A sentence for whoever wrote the URL. It never tells an address that a name resolves to: that would map the inside. */
  detail: string;
};

/** `addresses` is undefined for a name that has to be resolved; then every address of it must be one that `accepts`. */
export type Target = { url: URL; hostname: string; addresses: readonly string[] | undefined; accepts: (address: string) => boolean };
export type JudgedTarget = { target: Target; refusal?: undefined } | { target?: undefined; refusal: TargetRefusal };

export type TargetOptions = {
  /** In local mode: http and https to 127.0.0.0/8, ::1 and localhost on any port. Never on a server that strangers can write to. */
  allowLoopback: boolean;
};

const urlLengthMax = 2_048;
const resolveTimeoutMilliseconds = 2_000;
const loopbackAddresses = ["127.0.0.1", "::1"];
/** Names that mean something inside a network only, and those without a dot. */
const insideName = /^[^.]*$|(?:^|\.)(?:localhost|local|internal|home\.arpa)$/;

export const privateAddress: TargetRefusal = { code: "private_address", detail: "The host is, or resolves to, an address that is not on the public internet." };

/** Judges by the text alone. `URL` has turned every disguise of an address (octal, hexadecimal, short, full-width, escaped) into its plain form. */
export function judgeTarget(text: string, { allowLoopback }: TargetOptions): JudgedTarget {
  const url = text.length <= urlLengthMax ? URL.parse(text) : null;
  if (!url) return refuse("malformed", `The URL must be absolute and have at most ${urlLengthMax} characters.`);
  // Names are compared without the dots that may end them; brackets belong to the URL, not to the address.
  const hostname = url.hostname.replace(/^\[|\]$|\.+$/g, "");
  const isLiteral = isIP(hostname) > 0;
  const isLoopback = allowLoopback && (hostname === "localhost" || isLoopbackAddress(hostname));

  if (url.protocol !== "https:" && !(isLoopback && url.protocol === "http:")) return refuse("not_https", "The URL must begin with https://.");
  if (url.username || url.password) return refuse("has_userinfo", "The URL must not contain a user name or password.");
  if (url.hash) return refuse("has_fragment", "The URL must not contain a fragment.");
  if (isLoopback) return { target: { url, hostname, addresses: isLiteral ? [hostname] : loopbackAddresses, accepts: isLoopbackAddress } };
  if (isLiteral && !isPublicAddress(hostname)) return { refusal: privateAddress };
  if (!isLiteral && insideName.test(hostname)) return refuse("host_not_allowed", "The host must be a name of the public internet.");
  // Below 1024 live mail, file sharing and the like, whose servers should not be reached in a tenant's name.
  if (url.port && Number(url.port) < 1_024) return refuse("port_not_allowed", "The port must be 443, or 1024 or higher.");
  return { target: { url, hostname, addresses: isLiteral ? [hostname] : undefined, accepts: isPublicAddress } };
}

/**
 * Why a URL may not be the target of webhooks, or undefined. A name is resolved, for at most 2 s, and refused when any of
 * its addresses is not public; one that does not resolve passes, because every attempt checks again. Safe to repeat.
 */
export async function refusalOfTarget(url: string, options: TargetOptions & { resolve?: Resolve }): Promise<TargetRefusal | undefined> {
  const { target, refusal } = judgeTarget(url, options);
  if (refusal || target.addresses) return refusal;
  const addresses = await within(resolveTimeoutMilliseconds, (options.resolve ?? resolveName)(target.hostname));
  return addresses?.every(target.accepts) === false ? privateAddress : undefined;
}

/** Undefined when the work fails or takes longer. */
async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result | undefined> {
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), milliseconds);
  try {
    return await Promise.race([work, tooLate]);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

const refuse = (code: TargetRefusal["code"], detail: string): JudgedTarget => ({ refusal: { code, detail } });
