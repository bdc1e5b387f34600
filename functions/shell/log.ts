/** One JSON line per entry. Facts are ids and codes; never secrets or customers' values. */
export function log(level: "info" | "warn" | "error", message: string, facts: Record<string, unknown> = {}): void {
  console[level](JSON.stringify({ level, message, at: new Date().toISOString(), ...facts }));
}
