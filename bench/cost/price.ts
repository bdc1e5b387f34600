/** From what is used to what it costs: nothing here measures or assumes. */
import { type UnitPrice, usagePrices } from "./prices.ts";

export type Meter = keyof typeof usagePrices;
export const meters = Object.keys(usagePrices) as Meter[];
/** What one thing uses, such as a call; a share of a unit where several things share it. */
export type Usage = Readonly<Record<Meter, number>>;

const million = 1_000_000;
const kilobyte = 1024;
/** AWS sells gigabytes of 2^30 bytes. */
const gigabyte = kilobyte ** 3;

export const usageOf = (used: Partial<Usage>): Usage => ({ ...(Object.fromEntries(meters.map((meter) => [meter, 0])) as Usage), ...used });
export const sumOf = (all: readonly Usage[]): Usage =>
  usageOf(Object.fromEntries(meters.map((meter) => [meter, all.reduce((sum, usage) => sum + usage[meter], 0)])));
export const shareOf = (usage: Usage, share: number): Usage => usageOf(Object.fromEntries(meters.map((meter) => [meter, usage[meter] * share])));

export const gigabytesOf = (bytes: number): number => bytes / gigabyte;
/** Begun milliseconds count whole. */
export const gigabyteSecondsOf = (milliseconds: number, memoryMegabytes: number): number =>
  (Math.ceil(milliseconds) / 1000) * ((memoryMegabytes * kilobyte ** 2) / gigabyte);
/** The larger of the two directions is metered. */
export const gatewayRequestsOf = (bytesIn: number, bytesOut: number): number => piecesOf(Math.max(bytesIn, bytesOut), 512);
/** Of one send, receive or delete of messages with so many bytes together. */
export const queueRequestsOf = (bytes: number): number => piecesOf(bytes, 64);
const piecesOf = (bytes: number, kilobytes: number): number => Math.max(1, Math.ceil(bytes / (kilobytes * kilobyte)));

export const usdFor = (amount: number, { usd, per }: UnitPrice): number => (amount * usd) / per;
/** USD for a million such usages, by meter. */
export const priceParts = (usage: Usage): Usage =>
  usageOf(Object.fromEntries(meters.map((meter) => [meter, million * usdFor(usage[meter], usagePrices[meter])])));
export const usdPerMillion = (usage: Usage): number => Object.values(priceParts(usage)).reduce((sum, part) => sum + part, 0);
