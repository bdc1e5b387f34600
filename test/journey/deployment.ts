/** A deployment that a run of the journeys visits, with the few tenants that the run makes there. */
import { type Api, apiAt, type Json } from "./api.ts";
import type { Target } from "./target.ts";

export type Tenant = { readonly id: string; readonly live: string; readonly test: string };
export type Deployment = Api & {
  readonly target: Target;
  /** The tenant that most journeys happen at, all at the same time. */
  shop(): Promise<Tenant>;
  newTenant(name: string): Promise<Tenant>;
  /** A live key of the tenant with these scopes only. */
  newKey(tenant: Tenant, scopes: readonly string[], more?: object): Promise<{ id: string; secret: string }>;
  /** Deletes what can be deleted, revokes the keys and suspends the tenants, for tenants themselves stay. Throws when it cannot. */
  tidyUp(): Promise<void>;
};

export function openDeployment(target: Target): Deployment {
  const api = apiAt(target.baseUrl);
  const tenants: Tenant[] = [];
  let shop: Promise<Tenant> | undefined;
  const newTenant = async (name: string): Promise<Tenant> => {
    const settings = { name: `Journey: ${name}`, timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR", metadata: { madeBy: "npm run journey" } };
    const { tenant, apiKeys } = await api.done(target.platformKey, "POST", "/v1/tenants", settings);
    const secretOf = (livemode: boolean) => apiKeys.find((key: Json) => key.livemode === livemode).secret;
    const made = { id: tenant.id, live: secretOf(true), test: secretOf(false) };
    tenants.push(made);
    return made;
  };
  return {
    ...api,
    target,
    newTenant,
    shop: () => (shop ??= newTenant("shop")),
    newKey: (tenant, scopes, more = {}) => api.done(tenant.live, "POST", "/v1/api-keys", { name: "Journey", scopes, livemode: true, ...more }),
    async tidyUp() {
      for (const tenant of tenants.splice(0)) {
        for (const key of [tenant.live, tenant.test]) await deleteAll(api, key);
        const own = (await api.done(tenant.live, "GET", "/v1/me")).credential.id;
        const others = (await api.all(tenant.live, "/v1/api-keys")).filter(({ id, status }) => id !== own && status === "active");
        // The key that revokes goes last.
        for (const id of [...others.map((key) => key.id), own]) await api.done(tenant.live, "POST", `/v1/api-keys/${id}/revoke`);
        await api.done(target.platformKey, "POST", `/v1/tenants/${tenant.id}/suspend`);
      }
    },
  };
}

async function deleteAll(api: Api, key: string): Promise<void> {
  for (const kind of ["webhook-endpoints", "customers"])
    for (const { id } of await api.all(key, `/v1/${kind}`)) {
      const { status } = await api.call(key, "DELETE", `/v1/${kind}/${id}`);
      if (status >= 300 && status !== 404) throw new Error(`${id} was not deleted: ${status}`);
    }
}
