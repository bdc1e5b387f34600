/** Partitions are prefixes of stored keys; the closing `#` keeps tenant 1 from matching tenant 10. */

export const inPartition = (partition: string, pk: string): string => `T#${partition}#${pk}`;

/** The partition and the key inside it, from a stored pk. */
export function splitPartition(pk: string): { partition: string; pk: string } {
  const end = pk.indexOf("#", 2);
  return { partition: pk.slice(2, end), pk: pk.slice(end + 1) };
}
