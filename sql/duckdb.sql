-- The tables of the job dps-to-duckdb: one for each stream, keyed as the stream is. Amounts are
-- DECIMAL(38, 18): 20 digits before the point and 18 after it.
CREATE SCHEMA IF NOT EXISTS dps;

CREATE TABLE IF NOT EXISTS dps.accounts (
    "uuid" VARCHAR,
    "name" VARCHAR,
    PRIMARY KEY ("uuid")
);

CREATE TABLE IF NOT EXISTS dps.cost (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "subscriptionUuid" VARCHAR,
    "startTime" TIMESTAMP,
    "endTime" TIMESTAMP,
    "value" DECIMAL(38, 18),
    "costToDate" DECIMAL(38, 18),
    "currencyCode" VARCHAR,
    "lastBookingDate" TIMESTAMP,
    "lastModifiedTime" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "subscriptionUuid", "startTime")
);

CREATE TABLE IF NOT EXISTS dps.cost_allocation (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "subscriptionUuid" VARCHAR,
    "environmentId" VARCHAR,
    "field" VARCHAR,
    "date" DATE,
    "capability" VARCHAR,
    "key" VARCHAR,
    "costs" DECIMAL(38, 18),
    "usage" DECIMAL(38, 18),
    PRIMARY KEY ("subscriptionUuid", "environmentId", "field", "date", "capability", "key")
);

CREATE TABLE IF NOT EXISTS dps.cost_centers (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "key" VARCHAR,
    PRIMARY KEY ("accountUuid", "key")
);

CREATE TABLE IF NOT EXISTS dps.environment_cost (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "subscriptionUuid" VARCHAR,
    "clusterId" VARCHAR,
    "environmentId" VARCHAR,
    "capabilityKey" VARCHAR,
    "capabilityName" VARCHAR,
    "startTime" TIMESTAMP,
    "endTime" TIMESTAMP,
    "value" DECIMAL(38, 18),
    "currencyCode" VARCHAR,
    "bookingDate" TIMESTAMP,
    "bookings" BIGINT,
    "lastModifiedTime" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "subscriptionUuid", "environmentId", "capabilityKey", "startTime")
);

CREATE TABLE IF NOT EXISTS dps.environment_usage (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "subscriptionUuid" VARCHAR,
    "clusterId" VARCHAR,
    "environmentId" VARCHAR,
    "capabilityKey" VARCHAR,
    "capabilityName" VARCHAR,
    "startTime" TIMESTAMP,
    "endTime" TIMESTAMP,
    "value" DECIMAL(38, 18),
    "unitMeasure" VARCHAR,
    "bookingDate" TIMESTAMP,
    "bookings" BIGINT,
    "lastModifiedTime" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "subscriptionUuid", "environmentId", "capabilityKey", "startTime")
);

CREATE TABLE IF NOT EXISTS dps.environments (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "id" VARCHAR,
    "name" VARCHAR,
    "active" BOOLEAN,
    "url" VARCHAR,
    PRIMARY KEY ("accountUuid", "id")
);

CREATE TABLE IF NOT EXISTS dps.forecast (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "forecastCreatedAt" TIMESTAMP,
    "forecastMedian" DECIMAL(38, 18),
    "forecastLower" DECIMAL(38, 18),
    "forecastUpper" DECIMAL(38, 18),
    "budget" DECIMAL(38, 18),
    "forecastBudgetPct" DECIMAL(38, 18),
    "forecastBudgetDate" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "forecastCreatedAt")
);

CREATE TABLE IF NOT EXISTS dps.notifications (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "key" VARCHAR,
    "date" TIMESTAMP,
    "type" VARCHAR,
    "severity" VARCHAR,
    "message" VARCHAR,
    "details__environments" VARCHAR,
    "details__capabilities" VARCHAR,
    "details__allEnvironments" BOOLEAN,
    "details__allCapabilities" BOOLEAN,
    "details__environmentUuid" VARCHAR,
    "details__keyName" VARCHAR,
    PRIMARY KEY ("accountUuid", "key")
);

CREATE TABLE IF NOT EXISTS dps.products (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "key" VARCHAR,
    PRIMARY KEY ("accountUuid", "key")
);

CREATE TABLE IF NOT EXISTS dps.rate_cards (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "quoteNumber" VARCHAR,
    "key" VARCHAR,
    "startTime" TIMESTAMP,
    "deploymentType" VARCHAR,
    "name" VARCHAR,
    "quotedPrice" VARCHAR,
    "quotedUnitOfMeasure" VARCHAR,
    "price" VARCHAR,
    "endTime" TIMESTAMP,
    "currencyCode" VARCHAR,
    "cardStartTime" TIMESTAMP,
    "cardEndTime" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "quoteNumber", "key", "startTime", "deploymentType")
);

CREATE TABLE IF NOT EXISTS dps.subscriptions (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "uuid" VARCHAR,
    "name" VARCHAR,
    "type" VARCHAR,
    "subType" VARCHAR,
    "status" VARCHAR,
    "startTime" DATE,
    "endTime" DATE,
    "account__uuid" VARCHAR,
    "budget__total" DECIMAL(38, 18),
    "budget__used" DECIMAL(38, 18),
    "budget__currencyCode" VARCHAR,
    "currentPeriod__startTime" DATE,
    "currentPeriod__endTime" DATE,
    "currentPeriod__daysRemaining" DECIMAL(38, 18),
    "periods" VARCHAR,
    "capabilities" VARCHAR,
    PRIMARY KEY ("accountUuid", "uuid")
);

CREATE TABLE IF NOT EXISTS dps.usage (
    "accountUuid" VARCHAR,
    "accountName" VARCHAR,
    "subscriptionUuid" VARCHAR,
    "capabilityKey" VARCHAR,
    "capabilityName" VARCHAR,
    "startTime" TIMESTAMP,
    "endTime" TIMESTAMP,
    "value" DECIMAL(38, 18),
    "unitMeasure" VARCHAR,
    "lastModifiedTime" TIMESTAMP,
    PRIMARY KEY ("accountUuid", "subscriptionUuid", "capabilityKey", "startTime")
);

