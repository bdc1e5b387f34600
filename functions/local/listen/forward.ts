/** Hands a delivery on as it is, so that the integrator's own verification works. */
export type Delivery = { readonly headers: Readonly<Record<string, string>>; readonly body: Buffer };
/** `status` is what the integrator's server answered; without one, `failure` says why there was no answer. */
export type Forwarded = { readonly status?: number; readonly failure?: string; readonly milliseconds: number };

/** A little less than a delivery may take, so that the answer still reaches Clientele. */
const timeoutMilliseconds = 14_000;

export async function forward(url: string, { headers, body }: Delivery): Promise<Forwarded> {
  const startedAt = performance.now();
  const taken = () => ({ milliseconds: Math.round(performance.now() - startedAt) });
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: new Uint8Array(body),
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
    await response.body?.cancel();
    return { status: response.status, ...taken() };
  } catch (error) {
    const { name, cause } = error as Error & { cause?: { code?: string } };
    return { failure: cause?.code ?? name, ...taken() };
  }
}
