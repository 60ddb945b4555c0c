// Type-checked against the packed packages, in a folder outside the repository, as an application's source would be.
import * as conformance from '@headwater/conformance';
import * as core from '@headwater/core';
import * as node from '@headwater/core/node';
import * as expressAdapter from '@headwater/express';
import * as fastifyAdapter from '@headwater/fastify';
import * as testing from '@headwater/testing';
import express from 'express';
import Fastify from 'fastify';

export const packages: readonly object[] = [core, node, expressAdapter, fastifyAdapter, testing, conformance];
export const frameworks: readonly object[] = [express(), Fastify()];
