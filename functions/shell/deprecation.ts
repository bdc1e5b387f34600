/** What answers of a deprecated operation say besides: since when (RFC 9745), until when at least (RFC 8594), and where to read more. */
import type { AnyOperation } from "../../domain/kernel/operation.ts";

export function deprecationHeaders({ deprecated }: AnyOperation): Record<string, string> {
  if (!deprecated) return {};
  const { since, sunset, link } = deprecated;
  return {
    deprecation: `@${Date.parse(since) / 1000}`,
    ...(sunset && { sunset: new Date(sunset).toUTCString() }),
    link: `<${link}>; rel="deprecation"`,
  };
}
