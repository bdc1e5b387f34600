import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { documentText, documentTextOfImage, withPackedDocument } from "./packed-document.ts";

const item = (document: string) => ({ pk: "T#tn_1#W#wal_1", sk: "HEAD", version: 1, document });

test("whatever a document says, it is read as it was written, from an item and from both kinds of stream images", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ minLength: 1000, maxLength: 5000 }), fc.array(fc.constantFrom("points", "é", "\u{1f600}")).map(String)),
      (text) => {
        const document = JSON.stringify({ text });
        const kept = withPackedDocument(item(document));
        expect(documentText(kept)).toBe(document);
        const images =
          kept.document === undefined
            ? [{ packed: { B: packedOf(kept) } }, { packed: { B: Buffer.from(packedOf(kept)).toString("base64") } }]
            : [{ document: { S: document } }];
        for (const image of images) expect(documentTextOfImage(image as never)).toBe(document);
      },
    ),
  );
});
const packedOf = (kept: object): Uint8Array => (kept as { packed: Uint8Array }).packed;

test("a document is deflated where that saves a kilobyte that is paid for, and nowhere else", () => {
  const dates = (count: number) => JSON.stringify(Array.from({ length: count }, (_, index) => ({ expiresOn: `2027-${10 + index}-31`, points: 100 + index })));
  expect(withPackedDocument(item(dates(10)))).toEqual(item(dates(10)));
  expect(withPackedDocument(item(dates(40)))).not.toHaveProperty("document");
  // Deflating takes a quarter of random letters away, and of this not enough.
  const random = randomBytes(1_100).toString("base64");
  expect(withPackedDocument(item(random))).toHaveProperty("document");
});
