import { createApiKey } from "./create-api-key.ts";
import { createTenant } from "./create-tenant.ts";
import { getCurrentTenant, updateCurrentTenant } from "./current-tenant.ts";
import { getApiKey } from "./get-api-key.ts";
import { getTenant } from "./get-tenant.ts";
import { listApiKeys } from "./list-api-keys.ts";
import { listTenants } from "./list-tenants.ts";
import { revokeApiKey } from "./revoke-api-key.ts";
import { rotateApiKey } from "./rotate-api-key.ts";
import { reactivateTenant, suspendTenant } from "./suspend-tenant.ts";
import { updateApiKey } from "./update-api-key.ts";
import { updateTenant } from "./update-tenant.ts";
import { whoAmI } from "./who-am-i.ts";

export const tenantOperations = [
  whoAmI,
  getCurrentTenant,
  updateCurrentTenant,
  createApiKey,
  listApiKeys,
  getApiKey,
  updateApiKey,
  rotateApiKey,
  revokeApiKey,
  createTenant,
  listTenants,
  getTenant,
  updateTenant,
  suspendTenant,
  reactivateTenant,
];
