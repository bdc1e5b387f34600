/** Every version of the API, oldest first: the newest is what operations speak, and what new keys and endpoints are pinned to. */
import * as z from "zod";
import { type ApiVersions, downgraded, newestOf } from "./kernel/api-version.ts";

/** A new date takes its transforms along; they import nothing of the contexts, since what once was stays as it was. */
export const apiVersions: ApiVersions = [{ date: "2026-11-01", summary: "The first version." }];

export const newestApiVersion = newestOf(apiVersions);
export const apiVersionDates: readonly string[] = apiVersions.map(({ date }) => date);

/** A version that somebody asks to be pinned to. */
export const ApiVersionChoice = z.enum(apiVersionDates).meta({ description: "One of the dated versions of the API." });

/** What is told in the newest version, or in `from`, as `version` tells it. */
export const inApiVersion = <Value>(version: string, value: Value, from = newestApiVersion): Value => downgraded(apiVersions, value, from, version);
