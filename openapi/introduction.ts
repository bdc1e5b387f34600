/** The words around the reference: what the API is, the first steps, and a line for each tag. */
import { apiVersions } from "../domain/api-versions.ts";

const versionTable = ["| Version | What is different since |", "|---|---|", ...apiVersions.map(({ date, summary }) => `| \`${date}\` | ${summary} |`)].join(
  "\n",
);

export const introduction = `Clientele keeps the customers of a business in one place: who they are, how to reach them, and what happened with them on every channel. Your shop, app or till calls it over HTTPS and JSON.

## First call

Every request carries an API key. A \`ck_test_\` key sees test data only, a \`ck_live_\` key live data only; the two never meet.

\`\`\`sh
curl -H "Authorization: Bearer $API_KEY" $BASE_URL/v1/me
\`\`\`

The answer names your tenant, the scopes of the key and the limits. A key may do what its scopes say: \`customers:read\`, \`customers:write\` and so on; each operation names the one it needs.

## Objects

- Every object has \`id\`, \`object\` (its kind), \`createdAt\`, \`updatedAt\`, \`version\` and \`livemode\`.
- Times are RFC 3339 in UTC with milliseconds. Dates are \`YYYY-MM-DD\` in the tenant's time zone. Money is \`{ amountMinor, currency }\`: 1250 and \`EUR\` are 12.50 euros.
- Reading a single object answers its \`ETag\`; sent back as \`If-None-Match\`, it brings 304 without a body while nothing has changed.
- \`metadata\` is yours: up to 50 keys of up to 40 characters, with values of up to 500.
- A field the operation does not know is refused, so a typo cannot pass unseen. A body holds up to 256 KB.

## Safe writes

- **Repeat without fear.** Send an \`Idempotency-Key\` of your own with every write. If the line breaks, send the same request again with the same key: it is done once, and for 7 days you get the first answer again, with \`Idempotency-Replayed: true\`. Refusals are not kept: a refused request may be corrected and sent under the same key, until it succeeds.
- **Do not overwrite others.** An object's \`version\` is its \`ETag\`. Send it back as \`If-Match\` and the change is refused with 412 if somebody was faster.
- **Try first.** \`?dryRun=true\` on a write checks and decides everything, answers as if it were done, and changes nothing.
- **PATCH** is a JSON merge patch (RFC 7396): what you leave out stays, \`null\` clears, arrays are replaced whole.
- **Batches** take up to 100 items and answer 207 with a status for each: a bad item does not stop the others.

## Lists

A page has up to \`limit\` items (1 to 100, 25 unless you say otherwise). While \`hasMore\` is true, pass \`nextCursor\` as \`cursor\` with the same filters, or follow the \`Link\` header. A page of a filtered list may hold fewer items than \`limit\`, or none, while more follow. There are no totals.

## Problems

Whatever is not a success is \`application/problem+json\` (RFC 9457). Decide by \`code\`, which is stable; \`title\` and \`detail\` are for people. \`type\` is a page that explains the code. Keep \`requestId\`, also in the \`Request-Id\` header of every answer: it finds the request when you ask for help. \`errors\` names every fault of a request with a pointer to its place.

An unknown path is 404 \`route_not_found\`; a known path with another method is 405 \`method_not_allowed\` with \`Allow\`. Something of another tenant is 404 like something that never was. After 409 \`contention\`, 429 and 503 wait \`Retry-After\` seconds and repeat; 500 may be repeated with the same Idempotency-Key.

## Rate limits

A tenant has two budgets, for live and for test data apart: *reads* (GET) and *writes* (everything else), 200 and 50 a second unless agreed otherwise; twice as many may come at once. A request costs 1, a batch 1 for each item. An API key may have limits of its own besides. \`GET /v1/me\` names what holds for the key.

\`RateLimit-Policy\` and \`RateLimit\` on every answer that counted say what the budget is and what is left: \`"writes";r=37;t=2\` leaves 37, and the budget is full in 2 seconds. When it is used up the answer is 429 \`rate_limited\` and nothing was done: wait \`Retry-After\` seconds and send the same request again, with the same Idempotency-Key. 304 answers, dry runs and repeats under an Idempotency-Key cost nothing, but are refused, too, while nothing is left.

## Versions

The path says \`/v1\`; what could break you comes under a new date only. An API key is pinned to the version that is the newest when it is made, or to the one you name, and a webhook endpoint likewise; \`updateApiKey\` and \`updateWebhookEndpoint\` move the pin. The header \`Api-Version: ${apiVersions[0].date}\` on a request overrides its key's pin, so that you can try a version before you move to it; \`Api-Version\` on every answer says which one formed it. Access tokens speak the newest.

${versionTable}

At any time answers may gain fields, lists of values (such as \`status\`) may gain values, and new event types and problem codes may come: let your client pass over what it does not know.

What is to go is deprecated first: its answers say \`Deprecation: @<Unix seconds>\`, \`Sunset: <date>\` once there is one, and \`Link: <…>; rel="deprecation"\` to what to do about it.

## Events

Every change tells an event. The same envelope is listed by the events operations and described under *Webhooks*; \`sequence\` grows by one with each event of a lane, so a gap shows that one was missed.

## Points

A *programme* is one point currency: when points expire, how long they are pending, what tiers there are. A *wallet* is a customer's holding in it, an *entry* an immutable record of the wallet: its \`postings\` sum to zero, its \`hash\` covers the entry before.

- **Earn once.** Send the order's id as \`reference\`: it earns once for ever, whatever is repeated. A \`purchase\` is turned into points by the earning rules; with \`?dryRun=true\` that is a preview, and both explain every rule.
- **Whole points**, and those that expire first are spent first. What is due is counted at every moment, even when nobody has written it down yet.
- **Two clocks.** \`effectiveAt\` is when something holds for the member, \`recordedAt\` when it was written. A wallet's balance can be asked for any instant of both.
- **Undo by entries.** A return reverses the earning, in part or by its lines; a cancelled order reverses the redemption, whose points go back to the dates that they came from. Amounts come from the entry, never from today's rules.
- **Busy wallets.** Two writes at once on one wallet are one after the other; after 409 \`contention\` send the same request again.
- **Trust nobody.** \`GET /v1/entries/{entryId}/proof\` and a script of a hundred lines prove an entry; programmes have daily books, their liability and their integrity.

## Webhooks

\`POST /v1/webhook-endpoints\` names a URL and the types it wants; its answer shows the secret once. Every delivery is a POST of the event with the headers of [Standard Webhooks](https://www.standardwebhooks.com): \`webhook-id\` (the event's id, the same on every repeat), \`webhook-timestamp\`, and \`webhook-signature\` with a \`v1\` signature for each living secret and a \`v1a\` (Ed25519) signature by the key at \`/.well-known/jwks.json\`. That key is one for all tenants: who verifies by it compares \`tenantId\` and \`livemode\` in the body too.

- **Answer 2xx within 15 seconds.** Everything else is a failure, redirects too: it comes again after 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, give or take a fifth, or later where \`Retry-After\` says so. 410 disables the endpoint, as do five days of nothing but failures.
- **Expect repeats and disorder.** Remember the \`webhook-id\` of what you have handled; order by \`sequence\`, and ask \`GET /v1/events?afterSequence=\` for what is missing.
- **Nothing is lost while you are down**: failed and missing deliveries are replayed by one call, after a dry run that counts them.
- After ten failures in a row an endpoint is left alone for a while, ever longer, then tried with one delivery; its others wait. Nobody else's deliveries are held up.
- Targets are public https addresses. An event above 64 KB arrives \`thin\`, with the id of its object.`;

/** By context; the order of the operations decides the order in the document. */
export const tags: Record<string, { name: string; description: string }> = {
  tenants: { name: "Tenants and keys", description: "The business itself, its settings, and the API keys that act for it." },
  customers: { name: "Customers", description: "People and organisations, the identities they are known by, and what happened with them." },
  "customer-view": { name: "Customer view", description: "All that is known of a customer, in one answer." },
  loyalty: { name: "Loyalty", description: "Programmes, wallets and their ledger, earning rules, rewards, memberships, and what finance asks for." },
  complaints: { name: "Complaints", description: "What went wrong, and by when it is put right." },
  surveys: { name: "Surveys", description: "Questions to customers, and their answers." },
  events: { name: "Events", description: "The log of everything that happened, in order." },
  webhooks: { name: "Webhooks", description: "Where events are sent, what became of each delivery, and replays." },
};
