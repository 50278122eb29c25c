// The page of one workflow: loads it and the installed types, then lets it be edited.

import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { writeOnlyQuery } from '../api/drafts.ts';
import { usePermission } from '../api/session.ts';
import { pluginsQuery, workflowQuery } from '../api/workflows.ts';
import { LoadError, Loading, useTabTitle } from '../ui/page.tsx';
import { Editor } from './editor.tsx';

export default function EditorPage() {
  const { id = '' } = useParams();
  const workflow = useQuery(workflowQuery(id));
  const plugins = useQuery(pluginsQuery);
  // A form that is shown before this is known would put other fields in place of those that somebody is typing into.
  const writeOnly = useQuery({ ...writeOnlyQuery(id), enabled: usePermission('workflows:read') });
  const isKnown = !writeOnly.isLoading || writeOnly.failureCount > 0;
  useTabTitle(workflow.data?.title ?? '…');
  // What is being edited stays on the page when asking again fails.
  if (workflow.data && plugins.data && isKnown) return <Editor key={id} latest={workflow.data} types={plugins.data} />;
  if (workflow.isError) return <LoadError error={workflow.error} onRetry={() => void workflow.refetch()} />;
  if (plugins.isError) return <LoadError error={plugins.error} onRetry={() => void plugins.refetch()} />;
  return <Loading />;
}
