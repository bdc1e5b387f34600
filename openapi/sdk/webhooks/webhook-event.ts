/** What a webhook's body says. Types and members may be added at any time: ignore what you do not know. */
export type WebhookEvent = {
  readonly id: string;
  readonly object: "event";
  readonly type: string;
  readonly apiVersion: string;
  /** 1, 2, 3, … without a gap in its log, which is what tenant, mode and lane name. */
  readonly sequence: number;
  readonly lane: number;
  readonly tenantId: string;
  readonly livemode: boolean;
  readonly createdAt: string;
  readonly data: {
    readonly object: Readonly<Record<string, unknown>>;
    readonly previousAttributes?: Readonly<Record<string, unknown>>;
    /** `object` has its id only: the event was too large, or the endpoint asks for it. Read the rest from the API. */
    readonly thin?: true;
  };
};
