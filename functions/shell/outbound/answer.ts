/** What is kept of a receiver's answer, however much it sends. */
import type { IncomingHttpHeaders } from "node:http";
import { StringDecoder } from "node:string_decoder";

const headersKept = 30;
const headerCharactersKept = 2_048;

/** The first headers, 30 of them and 2 KB of names and values in all; the one that no longer fits is cut. */
export function boundedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  let left = headerCharactersKept;
  for (const [name, value = ""] of Object.entries(headers).slice(0, headersKept)) {
    if (left <= name.length) break;
    kept[name] = String(value).slice(0, left - name.length);
    left -= name.length + kept[name].length;
  }
  return kept;
}

/** At most so many bytes of valid UTF-8: a character that the cut divides is left out, what is no UTF-8 becomes U+FFFD. */
export function boundedText(bytes: Buffer, bytesMax: number): string {
  const text = new StringDecoder("utf8").write(bytes.subarray(0, bytesMax));
  // A replaced byte takes three.
  return Buffer.byteLength(text) <= bytesMax ? text : new StringDecoder("utf8").write(Buffer.from(text).subarray(0, bytesMax));
}
