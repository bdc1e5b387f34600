/**
 * The text of an API key: `ck_<live|test>_`, 26 random letters and digits (155 bits), and their CRC-32 in base 62.
 * The checksum lets garbage be refused before anything is read, and lets secret scanners recognise a leaked key.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const pattern = /^(ck_(?:live|test)_[0-9A-Za-z]{26})([0-9A-Za-z]{6})$/;

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  for (let place = 0; place < 6; place++) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

/** `random` is 26 letters and digits. */
export function formatSecret(livemode: boolean, random: string): string {
  const body = `ck_${livemode ? "live" : "test"}_${random}`;
  return body + checksum(body);
}

export function isWellFormedSecret(secret: string): boolean {
  const [, body, sum] = pattern.exec(secret) ?? [];
  return body !== undefined && checksum(body) === sum;
}

/** What is kept of a secret: it has 155 random bits, so a plain hash cannot be searched. */
export const secretHash = (secret: string): string => createHash("sha256").update(secret).digest("hex");
/** What is shown of a secret afterwards. */
const secretDisplay = (secret: string): string => `${secret.slice(0, 12)}…${secret.slice(-4)}`;

/** All that the service keeps of a secret. */
export type SecretTrace = { readonly secretHash: string; readonly display: string };
export const secretTraceOf = (secret: string): SecretTrace => ({ secretHash: secretHash(secret), display: secretDisplay(secret) });
