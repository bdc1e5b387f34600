/** A programme with a member, over HTTP: what tests of loyalty begin with. */
import { call, type Json, newTenant, type TenantKeys } from "./clientele.ts";

export type Member = { tenant: TenantKeys; programId: string; customerId: string; walletId: string };

export async function newProgram(settings: object = {}, rules: readonly object[] = []): Promise<{ tenant: TenantKeys; programId: string }> {
  const tenant = await newTenant();
  const { id: programId } = await made(tenant, "/programs", { name: "Club", ...settings });
  for (const rule of rules) await made(tenant, "/earning-rules", { programId, ...rule });
  return { tenant, programId };
}
export async function joined({ tenant, programId }: Pick<Member, "tenant" | "programId">, customer: object = {}): Promise<Member> {
  const { id: customerId } = await made(tenant, "/customers", customer);
  const { id: walletId } = await made(tenant, "/wallets", { customerId, programId });
  return { tenant, programId, customerId, walletId };
}
/** A member of a new programme of a new tenant. */
export const newMember = async (settings: object = {}, rules: readonly object[] = [], customer: object = {}): Promise<Member> =>
  joined(await newProgram(settings, rules), customer);

export const post = ({ tenant }: Pick<Member, "tenant">, path: string, body: object = {}) => call(tenant.live, "post", `/v1${path}`, { body });
/** What a write that must succeed has made. */
export async function made(tenant: TenantKeys, path: string, body: object = {}): Promise<Json> {
  const answer = await call(tenant.live, "post", `/v1${path}`, { body });
  if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
export const earn = ({ tenant, walletId }: Member, body: object): Promise<Json> => made(tenant, `/wallets/${walletId}/earnings`, body);
export const redeem = ({ tenant, walletId }: Member, points: number): Promise<Json> => made(tenant, `/wallets/${walletId}/redemptions`, { points });
export const get = async ({ tenant }: Pick<Member, "tenant">, path: string): Promise<Json> => (await call(tenant.live, "get", `/v1${path}`)).body;
export const walletOf = (member: Member): Promise<Json> => get(member, `/wallets/${member.walletId}`);

export const euros = (amount: number) => ({ amountMinor: Math.round(amount * 100), currency: "EUR" });
