/**
 * DynamoDB charges a write by the kilobyte that an item begins. A document is kept as text as long as that costs nothing,
 * and deflated where that saves a kilobyte: a wallet with 25 expiry dates, or a long answer kept for a repeat, halves.
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { AttributeValue } from "aws-lambda";

export type DocumentText = { document?: string; packed?: Uint8Array };

const chargedBytes = 1024;
/** Small documents: the tables of a larger window would take longer to set up than the document to deflate. */
const deflation = { level: 6, windowBits: 13, memLevel: 7 };

const sizeOf = (value: unknown): number => (typeof value === "string" ? Buffer.byteLength(value) : value instanceof Uint8Array ? value.byteLength : 8);
const itemBytes = (item: object): number => Object.entries(item).reduce((sum, [name, value]) => sum + name.length + sizeOf(value), 0);
const charged = (bytes: number): number => Math.ceil(bytes / chargedBytes);

/** The item with its document in the cheaper form. */
export function withPackedDocument<Kept extends DocumentText>(item: Kept): Kept {
  const bytes = itemBytes(item);
  if (bytes <= chargedBytes || item.document === undefined) return item;
  const { document, ...rest } = item;
  const packed = deflateRawSync(document, deflation);
  const packedItem = { ...rest, packed } as unknown as Kept;
  return charged(itemBytes(packedItem)) < charged(bytes) ? packedItem : item;
}

export const documentText = ({ document, packed }: DocumentText): string | undefined => document ?? (packed && inflateRawSync(packed).toString());

/** Of an image in the table's stream, whose bytes come as they are or, from AWS Lambda, in base64. */
export function documentTextOfImage(image: Record<string, AttributeValue> | undefined): string | undefined {
  const packed = image?.["packed"]?.B as Uint8Array | string | undefined;
  return documentText({
    ...(image?.["document"]?.S !== undefined && { document: image["document"].S }),
    ...(packed !== undefined && { packed: typeof packed === "string" ? Buffer.from(packed, "base64") : packed }),
  });
}
