/**
 * Dated versions of the API. Operations know the newest shapes only: what a caller of an older version sends is upgraded
 * date by date before it is checked, and what it gets is downgraded date by date.
 */
import type * as z from "zod";
import { changedAttributes } from "./event.ts";

type Members = Record<string, unknown>;
export type ApiVersion = {
  /** YYYY-MM-DD, as `Api-Version` says it. */
  readonly date: string;
  /** What is different since this date, for integrators; Markdown, one line. */
  readonly summary: string;
  /**
   * By operation: the schema that its body (of a batch: each item) had before this date, with a transform into what it is
   * since. It checks what the caller wrote, so that faults are pointed at where they stand.
   */
  readonly upgrades?: Readonly<Record<string, z.ZodType>>;
  /** By type of object (its member `object`): what it was before this date. The objects in it have been downgraded already. */
  readonly downgrades?: Readonly<Record<string, (object: Members) => Members>>;
};

/** Oldest first. */
export type ApiVersions = readonly [ApiVersion, ...ApiVersion[]];

export const newestOf = (versions: ApiVersions): string => (versions.at(-1) as ApiVersion).date;

/** What a body of the operation goes through on its way from version `from` to the newest, in order. */
export const upgradesOf = (versions: ApiVersions, from: string, operationId: string): z.ZodType[] =>
  versions.filter(({ date }) => date > from).flatMap(({ upgrades }) => upgrades?.[operationId] ?? []);

/**
 * An answer or an event of version `from` as version `to` knew it; the value itself when that is no older. An event inside
 * an answer starts from its own version, in which the log keeps it.
 */
export function downgraded<Value>(versions: ApiVersions, value: Value, from: string, to: string): Value {
  if (to >= from) return value;
  const steps = versions.flatMap((version, index): Step[] => {
    const before = versions[index - 1];
    return before && version.date > to && version.date <= from ? [{ date: version.date, dateBefore: before.date, downgrades: version.downgrades ?? {} }] : [];
  });
  return steps.toReversed().reduce(stepDown, value as unknown) as Value;
}

type Step = { readonly date: string; readonly dateBefore: string; readonly downgrades: NonNullable<ApiVersion["downgrades"]> };

/** Their members have names that integrators choose: `object` among them says nothing about a type. */
const ownWords = new Set(["metadata", "properties", "headers"]);

function stepDown(value: unknown, step: Step): unknown {
  if (Array.isArray(value)) return value.map((item) => stepDown(item, step));
  if (typeof value !== "object" || value === null) return value;
  const { object: type } = value as Members;
  if (type === "event") return eventBefore(value as ToldEvent, step);
  const members = Object.entries(value).map(([name, member]) => [name, ownWords.has(name) ? member : stepDown(member, step)]);
  return ofType(type, Object.fromEntries(members), step);
}

function ofType(type: unknown, members: Members, { downgrades }: Step): Members {
  const downgrade = typeof type === "string" && Object.hasOwn(downgrades, type) ? downgrades[type] : undefined;
  return downgrade ? downgrade(members) : members;
}

type ToldEvent = Members & { apiVersion: string; data: { object: Members; previousAttributes?: Members; thin?: true } };

/** Former values are those of the object as it was before the date, too: both of its states go down, and are compared again. */
function eventBefore(event: ToldEvent, step: Step): Members {
  if (event.apiVersion < step.date) return event;
  const { data } = event;
  const { object, previousAttributes } = data;
  // Of a thin event's object only the id is there.
  const after = data.thin ? object : (stepDown(object, step) as Members);
  const before = previousAttributes && (stepDown(formerObject(object, previousAttributes), step) as Members);
  const told = { ...data, object: after, ...(before && { previousAttributes: changedAttributes(before, after) }) };
  return ofType("event", { ...event, apiVersion: step.dateBefore, data: told }, step);
}

/** A former value of null stands for none. */
const formerObject = (object: Members, previousAttributes: Members): Members =>
  Object.fromEntries(Object.entries({ ...object, ...previousAttributes }).filter(([name, value]) => value !== null || !(name in previousAttributes)));
