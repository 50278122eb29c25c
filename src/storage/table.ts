// How a model describes its table. Times are milliseconds since 1970; `null` stands for what is not there.

import type { DataTypes, Model, ModelAttributes, ModelStatic } from 'sequelize';

export type Table<Row extends object> = ModelStatic<Model<Row, Row>>;

/** Defines the model of a table on one connection. */
export type DefineTable = <Row extends object>(name: string, attributes: ModelAttributes<Model<Row, Row>, Row>) => Table<Row>;

/** A column of the primary key. */
export const key = (type: DataTypes.DataType) => ({ type, allowNull: false, primaryKey: true });
export const required = (type: DataTypes.DataType) => ({ type, allowNull: false });
export const optional = (type: DataTypes.DataType) => ({ type, allowNull: true });
