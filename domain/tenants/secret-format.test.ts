import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatSecret, isWellFormedSecret, secretHash, secretTraceOf } from "./secret-format.ts";

const letters = [..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];
const random = fc.string({ unit: fc.constantFrom(...letters), minLength: 26, maxLength: 26 });
const secrets = fc.tuple(fc.boolean(), random).map(([livemode, text]) => formatSecret(livemode, text));
const places = fc.nat({ max: "ck_live_".length + 31 });
const replaced = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1);

describe("a secret", () => {
  test("is ck_, its mode, 26 random characters and 6 of checksum", () => {
    fc.assert(
      fc.property(fc.boolean(), random, (livemode, text) => {
        const secret = formatSecret(livemode, text);
        expect(secret).toMatch(/^ck_(live|test)_[0-9A-Za-z]{32}$/);
        expect(secret.startsWith(`ck_${livemode ? "live" : "test"}_${text}`)).toBe(true);
        expect(isWellFormedSecret(secret)).toBe(true);
      }),
    );
  });

  test("has the checksum that a secret scanner computes: CRC-32 of what stands before it, in base 62", () => {
    // Computed by Python: binascii.crc32(b"ck_test_ABCDEFGHIJKLMNOPQRSTUVWXYZ") and a base-62 conversion.
    expect(formatSecret(false, "ABCDEFGHIJKLMNOPQRSTUVWXYZ").slice(-6)).toBe("2VRm1K");
    expect(formatSecret(true, "0".repeat(26)).slice(-6)).toBe("2Y7g0x");
  });

  test("with one character mistyped is refused, whichever it is", () => {
    const typed = fc.oneof(fc.constantFrom(...letters), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(secrets, places, typed, (secret, at, character) => {
        fc.pre(secret[at] !== character);
        expect(isWellFormedSecret(replaced(secret, at, character))).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  test("with every other character at every place: not one of the 40 x 61 typos passes", () => {
    const secret = formatSecret(true, "4Fh2Kq8ZpWm1Xv7Rt5Ny3Lc6Bs");
    const typos = [...secret].flatMap((right, at) => letters.filter((letter) => letter !== right).map((letter) => replaced(secret, at, letter)));
    expect(typos.filter(isWellFormedSecret)).toEqual([]);
  });

  test("with two neighbours swapped, one character lost or one doubled is refused", () => {
    fc.assert(
      fc.property(secrets, places, (secret, at) => {
        const swapped = replaced(replaced(secret, at, secret[at + 1] ?? ""), at + 1, secret[at] as string);
        if (swapped !== secret) expect(isWellFormedSecret(swapped)).toBe(false);
        expect(isWellFormedSecret(replaced(secret, at, ""))).toBe(false);
        expect(isWellFormedSecret(replaced(secret, at, `${secret[at]}${secret[at]}`))).toBe(false);
      }),
    );
  });

  test("of the other mode is refused: a live secret never turns into a test secret", () => {
    fc.assert(fc.property(random, (text) => !isWellFormedSecret(formatSecret(true, text).replace("live", "test"))));
  });

  test("is refused with anything around it", () => {
    const secret = formatSecret(true, "0".repeat(26));
    for (const text of ["", `${secret}\n`, ` ${secret}`, `${secret}.`, secret + secret, `x${secret}`]) expect(isWellFormedSecret(text), text).toBe(false);
  });
});

test("what is shown and kept of a secret leaves more than 100 bits unknown", () => {
  const secret = formatSecret(true, "4Fh2Kq8ZpWm1Xv7Rt5Ny3Lc6Bs");
  // Of the random part four characters are shown; the last four belong to the checksum, 24 bits at most.
  expect(secretTraceOf(secret)).toEqual({ secretHash: secretHash(secret), display: `ck_live_4Fh2…${secret.slice(-4)}` });
  expect(secretHash(secret)).toMatch(/^[0-9a-f]{64}$/);
});
