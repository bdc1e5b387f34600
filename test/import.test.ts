/** `npm run import` as a process of its own, against the running product. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { baseUrl, call, type Json, newTenant } from "./clientele.ts";
import { customersOf, folder, importOf, mapped, reportOf, run, total, touchpointsOf, write } from "./importer.ts";

const cdnow = new URL("../../shared/data/cdnow/CDNOW_master.txt", import.meta.url);
const cdnowMapping = "functions/local/import/mappings/cdnow.json";

const shopMapping = mapped({
  csv: { delimiter: ";" },
  identity: { type: "email", value: "{E-mail}" },
  customer: {
    displayName: "{First name} {Name}",
    birthDate: { from: "{Born}", as: "date", format: "D.M.YYYY" },
    tags: ["imported", "{Tag}"],
    properties: { newsletter: { from: "{Newsletter}", as: "boolean", true: ["yes"], false: ["no"] }, note: "{Note}" },
    identities: [{ type: "member_card", value: "{Card}", source: "till" }],
  },
  event: {
    type: "purchase",
    channel: { from: "{Where}", as: "choice", choices: { Shop: "store", www: "web" } },
    occurredAt: { from: "{Bought}", as: "instant", format: "YYYY-MM-DD HH:mm", timeZone: "Europe/Paris" },
    amount: { from: "{Paid}", as: "money", currency: "EUR", decimalMark: ",", groupMark: "." },
    dedupeId: "shop-{Order}",
  },
});
const shopHeader = "E-mail;First name;Name;Born;Tag;Newsletter;Note;Card;Where;Bought;Paid;Order";
const shopRows = [
  'ada@example.com;Ada;Lovelace;10.12.1990;vip;yes;"Likes ""blue""; calls\r\non Mondays";C-1;Shop;2026-07-01 12:30;1.234,56;1', // lines 2 and 3
  "ADA@example.com;Ada;Lovelace;10.12.1990;vip;yes;;;www;2026-07-02 09:00;-4,10;2", // 4
  "", // 5
  "ADA@example.com;Ada;Lovelace;10.12.1990;vip;yes;;;www;2026-07-02 09:00;-4,10;2", // 6, again
  "grace@example.com;Grace;Hopper;;;no;;;;;;", // 7, without a purchase
  "alan@example.com;Alan;Turing;31.2.1990;;no;;;Shop;2026-07-01 12:30;12.34;3", // 8
  "nobody;No;Body;;;no;;;Shop;2026-07-01 12:30;1,00;4", // 9
  ";No;Body;;;no;;;Shop;2026-07-01 12:30;1,00;5", // 10
  "short;row", // 11
  'quote@example.com;"Q"uote;Mark;;;no;;;;;;', // 12
  "late@example.com;Late;Comer;;;no;;C-9;Shop;2026-07-01 12:30;1,00;6", // 13, with somebody else's card
  'open@example.com;Open;Quote;;;no;"never closed;;;;;', // 14
  "last@example.com;Last;One;;;maybe;;;;;;", // 15
];
const shopFile = write(`\uFEFF${[shopHeader, ...shopRows].join("\r\n")}\r\n`, "csv");

/** The test key of a tenant where somebody holds the card that line 13 brings. */
async function tenantWithCard(): Promise<string> {
  const { test: key } = await newTenant();
  await call(key, "POST", "/v1/customers", { body: { identities: [{ type: "member_card", value: "C-9" }] } });
  return key;
}

describe("a CSV of a shop", () => {
  test("becomes customers and purchases; every row that cannot is reported with its line and the reason", async () => {
    const key = await tenantWithCard();
    const args = importOf(key, shopFile, shopMapping);
    const { code, out } = await run(...args);
    expect(out).toContain("Refused    8;");
    expect(code).toBe(2);

    const { body: ada } = await call(key, "GET", "/v1/customers/by/email/ada%40example.com");
    expect(ada).toMatchObject({ displayName: "Ada Lovelace", birthDate: "1990-12-10", tags: ["imported", "vip"], livemode: false });
    expect(ada.properties).toEqual({ newsletter: true, note: 'Likes "blue"; calls\non Mondays' });
    expect(ada.identities.map(({ type, value, source }: Json) => ({ type, value, source }))).toEqual([
      { type: "email", value: "ada@example.com" },
      { type: "member_card", value: "C-1", source: "till" },
    ]);
    const touchpoints = await touchpointsOf(key);
    expect([...touchpoints.keys()].sort()).toEqual(["C-9", "ada@example.com", "grace@example.com"]);
    expect(touchpoints.get("ada@example.com")).toMatchObject({
      count: 2,
      purchaseTotals: [{ amountMinor: 123_046, currency: "EUR" }],
      lastByChannel: { store: { occurredAt: "2026-07-01T10:30:00.000Z" }, web: { occurredAt: "2026-07-02T07:00:00.000Z" } },
    });
    expect(touchpoints.get("grace@example.com").count).toBe(0);

    const report = reportOf(args);
    expect(report.map(({ line, column, code: reason }) => `${line} ${column} ${reason}`)).toEqual([
      "8 Born not_a_date",
      "8 Paid not_a_number",
      "9 E-mail invalid_identity",
      "10 E-mail no_identity",
      "11  wrong_column_count",
      "12  malformed_csv",
      "13  identity_taken",
      "14  malformed_csv",
      "15 Newsletter not_a_choice",
    ]);
    expect(report.find(({ line }) => line === "9").row).toBe(shopRows[6]);
    expect(report.every(({ detail }) => detail.length > 10)).toBe(true);
  });

  test("sent again, changes nothing", async () => {
    const key = await tenantWithCard();
    const args = importOf(key, shopFile, shopMapping);
    await run(...args);
    const before = { customers: await customersOf(key), touchpoints: await touchpointsOf(key), report: reportOf(args) };

    const again = await run(...args);
    expect(again.out).toContain("This import is finished; nothing was sent.");
    expect(again.code).toBe(2);
    const anew = await run(...args, "--restart");
    expect(anew.out).toContain("0 created");
    expect(anew.out).toContain("0 recorded, 3 already known");
    expect({ customers: await customersOf(key), touchpoints: await touchpointsOf(key), report: reportOf(args) }).toEqual(before);
  });

  test("that changed since it was begun is not mistaken for the one before", async () => {
    const { test: key } = await newTenant();
    const file = write("id\n1\n", "csv");
    const args = importOf(key, file, mapped({ identity: { type: "external_id", value: "{id}" } }));
    expect((await run(...args)).code).toBe(0);
    writeFileSync(file, "id\n1\n2\n");
    expect(await run(...args)).toMatchObject({ code: 1, error: expect.stringContaining("has changed") });
    expect((await run(...args, "--restart")).out).toContain("1 created, 1 times already there");
  });
});

describe("what cannot start says so in one line and ends with code 1", () => {
  const ordersFile = write("customer,paid\nc-1,1.05\n", "csv");
  const good = mapped({ identity: { type: "external_id", value: "{customer}" } });
  const oneLine = (text: string) => text.trim().split("\n").length === 1;

  test("nobody at the address", async () => {
    const failed = await run(ordersFile, "--map", good, "--url", "http://127.0.0.1:9", "--key", "x");
    expect(failed).toMatchObject({ code: 1, error: expect.stringContaining("No Clientele at http://127.0.0.1:9") });
    expect(failed.error).toSatisfy(oneLine);
  });

  test("a key that is refused", async () => {
    const failed = await run(...importOf("ck_test_wrong", ordersFile, good));
    expect(failed).toMatchObject({ code: 1, error: expect.stringContaining("The key is refused") });
    expect(failed.error).toSatisfy(oneLine);
  });

  test.each([
    ["no file", () => run("absent.csv", "--map", good, "--url", baseUrl, "--key", "x"), "absent.csv cannot be read (ENOENT)"],
    ["no server named", () => run(ordersFile, "--map", good, "--data", folder), "demo.json"],
    ["an option that does not exist", () => run(ordersFile, "--mapp", good), "--mapp"],
    [
      "a column that is not there",
      () => run(ordersFile, "--map", mapped({ identity: { type: "email", value: "{mail}" } }), "--url", baseUrl, "--key", "x"),
      'no column "mail"',
    ],
  ])("%s", async (_, attempt, message) => {
    const failed = await attempt();
    expect(failed).toMatchObject({ code: 1, error: expect.stringContaining(message) });
    expect(failed.error).toSatisfy(oneLine);
  });

  test("a mapping that does not fit, with the place of every fault", async () => {
    const wrong = mapped({
      identity: { type: "email", value: "{customer}" },
      customer: { nickname: "x", birthDate: { from: "{customer}", as: "date", format: "dd/mm/yy" } },
      event: { type: "visit", channel: "web", occurredAt: { from: "{paid}", as: "instant", format: "YYYYMMDD", timeZone: "Mars" } },
    });
    const { code, error } = await run(ordersFile, "--map", wrong, "--url", baseUrl, "--key", "x");
    expect(code).toBe(1);
    for (const place of [
      "/customer/birthDate/format: A format",
      '/customer: Unrecognized key: "nickname"',
      "/event/occurredAt/timeZone: An IANA",
      "/event/dedupeId: Required",
    ])
      expect(error).toContain(place);
  });
});

test("the first 2,000 purchases of the CDNOW data load with the ready mapping, to the cent", { timeout: 240_000 }, async (context) => {
  if (!existsSync(cdnow)) return context.skip("../shared/data is not there.");
  const [header, ...rows] = readFileSync(cdnow, "latin1").split("\r\n").slice(0, 2_001) as [string, ...string[]];
  const purchases = rows.map((row) => row.trim().split(/ +/) as [string, string, string, string]);
  const { live } = await newTenant();
  const { code, out } = await run(...importOf(live, write([header, ...rows, ""].join("\r\n"), "txt"), cdnowMapping));
  expect(out).toContain("Refused    0");
  expect(code).toBe(0);
  expect(total(await touchpointsOf(live))).toEqual({
    customers: new Set(purchases.map(([customer]) => customer)).size,
    purchases: 2_000,
    cents: purchases.reduce((sum, [, , , dollars]) => sum + Number(dollars.replace(".", "")), 0),
  });
});
