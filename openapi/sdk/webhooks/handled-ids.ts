/** The ids of deliveries that were handled. Give a store that your processes share when there is more than one. */
export interface HandledIds {
  has(id: string): boolean | Promise<boolean>;
  /** Remembers the id at least until then; a store may remember it longer. */
  add(id: string, until: Date): void | Promise<void>;
}

/** In this process's memory: up to `idsMax` ids (about 10 MB at 100,000), each as long as was asked for; the oldest goes first. */
export function handledIdsInMemory({ idsMax = 100_000, now = () => new Date() } = {}): HandledIds {
  const forgottenAt = new Map<string, number>();
  const forget = () => {
    for (const [id, at] of forgottenAt) {
      if (at > now().getTime() && forgottenAt.size <= idsMax) return;
      forgottenAt.delete(id);
    }
  };
  return {
    has: (id) => (forgottenAt.get(id) ?? 0) > now().getTime(),
    add(id, until) {
      forgottenAt.delete(id);
      forgottenAt.set(id, until.getTime());
      forget();
    },
  };
}
