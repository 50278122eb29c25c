// Asks again for what a change made stale, except for what is being deleted: its page would be answered with 404 before it closes.

import {
  type DefaultError,
  type MutationMeta,
  type QueryClient,
  type QueryKey,
  type UseMutationResult,
  useMutation,
  useQueryClient,
} from '@tanstack/react-query';

interface DeletionMeta extends MutationMeta {
  /** The id of what the mutation deletes, from its variables; undefined: nothing. */
  deletedId(variables: unknown): string | undefined;
}

function isDeletionMeta(meta: MutationMeta | undefined): meta is DeletionMeta {
  return typeof meta?.deletedId === 'function';
}

/** Ids of what is being deleted or was deleted lately: as long as the deletion is in the cache of mutations, five minutes. */
function deletedIds(client: QueryClient): ReadonlySet<unknown> {
  const mutations = client.getMutationCache().getAll();
  return new Set(
    mutations.flatMap(({ meta, state: { status, variables } }) => {
      if (!isDeletionMeta(meta) || (status !== 'pending' && status !== 'success')) return [];
      return meta.deletedId(variables) ?? [];
    }),
  );
}

/**
 * Makes queries stale by the first part of their keys; those that are shown are asked again. Queries whose key names what is
 * being deleted are left out, whoever asks for the refresh: the mutation itself, another one, or the stream of changes.
 */
export async function refreshQueries(client: QueryClient, names: readonly string[]): Promise<void> {
  const deleted = deletedIds(client);
  const isGone = (queryKey: QueryKey): boolean => queryKey.some((part) => deleted.has(part));
  await client.invalidateQueries({
    predicate: ({ queryKey }) => names.includes(String(queryKey[0])) && !isGone(queryKey),
  });
}

/** For `meta` of a mutation that deletes. @param idOf the id of what goes, from the mutation's variables */
export function deletes<Input>(idOf: (input: Input) => string | undefined): DeletionMeta {
  return { deletedId: (variables) => idOf(variables as Input) };
}

/**
 * A mutation that deletes one thing.
 * @param stale first parts of the keys of queries that show it, asked again afterwards, also when the deletion fails
 */
export function useDeletion<Input>(
  stale: readonly string[],
  remove: (input: Input) => Promise<void>,
  idOf: (input: Input) => string,
): UseMutationResult<void, DefaultError, Input> {
  const client = useQueryClient();
  return useMutation({
    meta: deletes(idOf),
    mutationFn: async (input: Input) => {
      // What is on its way would come back with 404.
      const id = idOf(input);
      await client.cancelQueries({ predicate: ({ queryKey }) => queryKey.slice(1).includes(id) });
      await remove(input);
    },
    onSuccess: () => void refreshQueries(client, stale),
    // It is still there: what was left out meanwhile is asked again, too.
    onError: () => void client.invalidateQueries({ predicate: ({ queryKey }) => stale.includes(String(queryKey[0])) }),
  });
}
