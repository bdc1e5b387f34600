import fc from "fast-check";
import { expect, test } from "vitest";
import { identityDigest, normalizeIdentityValue, withOnePrimaryPerType } from "./identity.ts";

const fault = { fault: expect.any(String) };
test.each([
  // type         value                     region      normalised
  ["phone", "06 12 34 56 78", "FR", { value: "+33612345678" }],
  ["phone", "+33 (0)6 12 34 56 78", "CN", { value: "+33612345678" }],
  ["phone", "139 1234 5678", "CN", { value: "+8613912345678" }],
  ["phone", "(415) 555-2671", "US", { value: "+14155552671" }],
  ["phone", "06 12 34 56 78", undefined, fault], // A national number without a region could be anybody's.
  ["phone", "12", "FR", fault],
  ["phone", "call me", "FR", fault],
  ["email", "ADA@Example.COM", undefined, { value: "ada@example.com" }],
  ["email", "josé@exämple.de", undefined, { value: "josé@exämple.de" }],
  ["email", "ada@", undefined, fault],
  ["email", "ada lovelace@example.com", undefined, fault],
  ["external_id", "Ab-00 7", "FR", { value: "Ab-00 7" }], // Case and inner blanks are kept: two shops may number so.
  ["wechat_openid", "oGZUI0egBJY1zhBYw2KhdUfwVJJE", "CN", { value: "oGZUI0egBJY1zhBYw2KhdUfwVJJE" }],
])("%s %s in %s", (type, value, region, expected) => {
  expect(normalizeIdentityValue(type, value, region)).toEqual(expected);
});

test("normalising twice is normalising once", () => {
  const values = fc.oneof(fc.emailAddress(), fc.stringMatching(/^\+33[67]\d{8}$/), fc.string({ minLength: 1 }));
  fc.assert(
    fc.property(fc.constantFrom("email", "phone", "external_id"), values, (type, value) => {
      const once = normalizeIdentityValue(type, value, "FR");
      if ("value" in once) expect(normalizeIdentityValue(type, once.value, undefined)).toEqual(once);
    }),
  );
});

test("each type has exactly one primary, and the last one marked wins", () => {
  const identity = fc.record({ type: fc.constantFrom("email", "phone", "member_card"), value: fc.string(), verified: fc.boolean(), primary: fc.boolean() });
  fc.assert(
    fc.property(fc.array(identity), (identities) => {
      const result = withOnePrimaryPerType(identities);
      for (const type of new Set(identities.map((one) => one.type))) {
        const ofType = result.flatMap((one, index) => (one.type === type ? [index] : []));
        const primary = ofType.filter((index) => result[index]?.primary);
        const marked = ofType.filter((index) => identities[index]?.primary);
        expect(primary).toEqual([marked.at(-1) ?? ofType[0]]);
      }
    }),
  );
});

test("a key tells neither the value nor that two tenants or types share it", () => {
  const digest = identityDigest({ type: "email", value: "ada@example.com" }, "secret-a");
  expect(digest).not.toContain("ada");
  expect(identityDigest({ type: "email", value: "ada@example.com" }, "secret-b")).not.toBe(digest);
  expect(identityDigest({ type: "external_id", value: "ada@example.com" }, "secret-a")).not.toBe(digest);
});
