// The page of one workflow: loads it and the installed types, then lets it be edited.

import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';
import { pluginsQuery, workflowQuery } from '../api/workflows.ts';
import { LoadError, Loading, useTabTitle } from '../ui/page.tsx';
import { Editor } from './editor.tsx';

export default function EditorPage() {
  const { id = '' } = useParams();
  const workflow = useQuery(workflowQuery(id));
  const plugins = useQuery(pluginsQuery);
  useTabTitle(workflow.data?.title ?? '…');
  // What is being edited stays on the page when asking again fails.
  if (workflow.data && plugins.data) return <Editor key={id} latest={workflow.data} types={plugins.data} />;
  if (workflow.isError) return <LoadError error={workflow.error} onRetry={() => void workflow.refetch()} />;
  if (plugins.isError) return <LoadError error={plugins.error} onRetry={() => void plugins.refetch()} />;
  return <Loading />;
}
