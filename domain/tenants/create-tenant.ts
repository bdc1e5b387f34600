import * as z from "zod";
import { newestApiVersion } from "../api-versions.ts";
import { operation, plan } from "../kernel/operation.ts";
import { tenantScopes } from "../kernel/permission.ts";
import { ApiKeyWithSecret, apiKeyExample, secretExample } from "./api-key.ts";
import { PlatformSettingsInput, Tenant, tenantExample } from "./model.ts";
import { formatSecret, secretTraceOf } from "./secret-format.ts";
import { newApiKey, newTenant, newTenantChange, toApiKey, toTenant } from "./store.ts";

const NewTenant = z.object({ object: z.literal("new_tenant"), tenant: Tenant, apiKeys: z.array(ApiKeyWithSecret) }).meta({ id: "NewTenant" });

export const createTenant = operation({
  id: "createTenant",
  summary: "Create a tenant",
  description:
    "Makes a tenant with its first live and its first test key. Their secrets are shown in this answer only; a replay with the same Idempotency-Key shows them again for 7 days.",
  method: "post",
  path: "/v1/tenants",
  permission: "tenants:manage",
  partition: "platform",
  secretOutput: true,
  body: PlatformSettingsInput,
  example: { name: "Café Lumière", timeZone: "Europe/Paris", currency: "EUR", locale: "fr-FR" },
  success: { status: 201, output: NewTenant, example: { object: "new_tenant", tenant: tenantExample, apiKeys: [{ ...apiKeyExample, secret: secretExample }] } },
  problems: {},
  async run({ now, newId, newSecret }, { body }) {
    const tenant = newTenant(body, newId("tn"), newSecret(43), now);
    const keys = [true, false].map((livemode) => {
      const secret = formatSecret(livemode, newSecret(26));
      const granted = { scopes: [...tenantScopes], allowedCidrs: [], livemode, apiVersion: newestApiVersion };
      const settings = { id: newId("key"), tenantId: tenant.id, name: "First key", ...granted };
      return { secret, ...newApiKey(settings, secretTraceOf(secret), now) };
    });
    const apiKeys = keys.map(({ record, secret }) => ({ ...toApiKey(record, now), secret }));
    return plan({ object: "new_tenant", tenant: toTenant(tenant), apiKeys }, [newTenantChange(tenant), ...keys.flatMap(({ changes }) => changes)]);
  },
});
