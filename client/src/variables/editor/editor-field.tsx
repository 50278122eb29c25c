// A field whose input is a CodeMirror editor, with label, help and error like any other field.

import { Compartment, EditorState, type Extension } from '@codemirror/state';
import { EditorView, placeholder as placeholderOf } from '@codemirror/view';
import { Box, Input } from '@mantine/core';
import { type ReactNode, type RefObject, useEffect, useId, useLayoutEffect, useMemo, useRef } from 'react';
import type { FieldProps } from '../field.ts';
import { baseExtensions, fromOutside, variablesChanged } from './base.ts';
import './editor.css';

export interface EditorFieldProps extends FieldProps {
  readonly value: string;
  /** Without it the text is for reading. */
  readonly onChange?: ((value: string) => void) | undefined;
  /** The same list as long as nothing about it changes. */
  readonly extensions: readonly Extension[];
  /** When it changes, what is known of the variables has changed. */
  readonly variables?: unknown;
  /** Default false. */
  readonly isSingleLine?: boolean;
  /** In letters of one width. Default false. */
  readonly isCode?: boolean;
  /** Height without content. Default 1. */
  readonly minLines?: number;
  /** Where it begins to scroll. Default 20. */
  readonly maxLines?: number;
  /** Buttons inside the frame. */
  readonly tools?: ReactNode;
  /** Shown below the frame. */
  readonly below?: ReactNode;
  /** Is given the editor. */
  readonly editor?: RefObject<EditorView | null>;
}

export function EditorField(props: EditorFieldProps) {
  const { label, description, error, required = false, readOnly = false, placeholder } = props;
  const { value, onChange, extensions, isSingleLine = false, isCode = false, minLines = 1, maxLines = 20 } = props;
  const ownId = useId();
  const id = props.id ?? ownId;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useRef(onChange);
  const changing = useRef(new Compartment());
  const isFixed = readOnly || onChange === undefined;
  const hasError = error !== undefined && error !== null && error !== false && error !== '';
  const hasDescription = description !== undefined && description !== null && description !== '';

  useLayoutEffect(() => {
    tell.current = onChange;
  });

  const changeable = useMemo(() => {
    const describedBy = [hasDescription && `${id}-description`, hasError && `${id}-error`].filter(Boolean).join(' ');
    const attributes: Record<string, string> = {
      id,
      'aria-labelledby': `${id}-label`,
      // So that what scrolls around it is known to be reached by keys.
      tabindex: '0',
      'aria-multiline': String(!isSingleLine),
      ...(required ? { 'aria-required': 'true' } : {}),
      ...(hasError ? { 'aria-invalid': 'true' } : {}),
      ...(describedBy === '' ? {} : { 'aria-describedby': describedBy }),
    };
    return [
      extensions,
      EditorView.contentAttributes.of(attributes),
      EditorState.readOnly.of(isFixed),
      placeholder === undefined || placeholder === '' ? [] : placeholderOf(placeholder),
    ];
  }, [extensions, id, required, hasError, hasDescription, isFixed, isSingleLine, placeholder]);
  const first = useRef({ value, changeable });

  const editorRef = props.editor;
  useLayoutEffect(() => {
    if (host.current === null) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: first.current.value,
        extensions: [
          changing.current.of(first.current.changeable),
          baseExtensions(isSingleLine),
          EditorView.updateListener.of((update) => {
            const isFromOutside = update.transactions.some((transaction) => transaction.isUserEvent('set'));
            if (update.docChanged && !isFromOutside) tell.current?.(update.state.sliceDoc());
          }),
        ],
      }),
    });
    view.current = made;
    if (editorRef) editorRef.current = made;
    return () => {
      // Effects run once more in development; what was written is kept.
      first.current = { ...first.current, value: made.state.sliceDoc() };
      made.destroy();
      view.current = null;
      if (editorRef) editorRef.current = null;
    };
  }, [isSingleLine, editorRef]);

  useEffect(() => {
    if (first.current.changeable === changeable) return;
    first.current = { ...first.current, changeable };
    view.current?.dispatch({ effects: changing.current.reconfigure(changeable) });
  }, [changeable]);

  const { variables } = props;
  const shown = useRef(variables);
  // Behind the layout effects of those around, which keep what is known.
  useEffect(() => {
    if (shown.current === variables) return;
    shown.current = variables;
    view.current?.dispatch({ effects: variablesChanged.of(null) });
  }, [variables]);

  useLayoutEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.sliceDoc() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value }, annotations: fromOutside });
  }, [value]);

  return (
    <Input.Wrapper
      id={`${id}-field`}
      label={label}
      labelElement="div"
      labelProps={{ id: `${id}-label`, onClick: () => view.current?.focus() }}
      description={hasDescription ? description : undefined}
      descriptionProps={{ id: `${id}-description` }}
      error={hasError ? error : undefined}
      errorProps={{ id: `${id}-error` }}
      required={required}
    >
      <Box
        className="hl-editor"
        data-code={isCode || undefined}
        data-error={hasError || undefined}
        data-readonly={isFixed || undefined}
        __vars={{ '--hl-min-lines': String(minLines), '--hl-max-lines': String(isSingleLine ? 6 : maxLines) }}
      >
        <div ref={host} className="hl-editor-host" />
        {props.tools !== undefined && <div className="hl-editor-tools">{props.tools}</div>}
      </Box>
      {props.below}
    </Input.Wrapper>
  );
}
