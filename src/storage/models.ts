// The one description of the schema: a Sequelize model for each table, one file for each area.

import type { Sequelize } from 'sequelize';
import { type AccessModels, defineAccessModels } from './access-models.ts';
import { defineExecutionModels, type ExecutionModels } from './execution-models.ts';
import { defineInstallationModels, type InstallationModels } from './installation-models.ts';
import { defineOutboundModels, type OutboundModels } from './outbound-models.ts';
import type { DefineTable } from './table.ts';
import { defineWorkflowModels, type WorkflowModels } from './workflow-models.ts';

export interface Models extends WorkflowModels, ExecutionModels, OutboundModels, AccessModels, InstallationModels {}

/** Defines the models on one connection; call it for the writer and for the reader. */
export function defineModels(sequelize: Sequelize): Models {
  const table: DefineTable = (name, attributes) =>
    sequelize.define(name, attributes, { tableName: name, underscored: true, timestamps: false });
  return {
    ...defineWorkflowModels(table),
    ...defineExecutionModels(table),
    ...defineOutboundModels(table),
    ...defineAccessModels(table),
    ...defineInstallationModels(table),
  };
}

/** The connection that the models are on. */
export function connectionOf({ executions }: Models): Sequelize {
  if (!executions.sequelize) throw new TypeError('The models have no connection.');
  return executions.sequelize;
}
