-- Usage by day and region: sums over people, without anybody's id. A group of too few people is written without its
-- numbers. There are no rows over all regions: with them a suppressed region could be worked out.

CREATE TABLE usage_days (
    day    date NOT NULL,
    region text NOT NULL,
    what   text NOT NULL CHECK (what IN ('accounts', 'photos', 'trainings', 'pictures')),
    people bigint CHECK (people > 0),
    amount bigint CHECK (amount >= people),
    PRIMARY KEY (day, region, what),
    CHECK ((people IS NULL) = (amount IS NULL))
);

CREATE TABLE usage_counted (
    day date PRIMARY KEY
);
