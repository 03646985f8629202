-- What upkeep and the points after it need.

-- Legal hold: what a recall took from this account, or for it, is kept for as long as it stands.
ALTER TABLE account ADD COLUMN legal_hold boolean NOT NULL DEFAULT false;
