-- The auditor's one file, in each version that some pool's rules name by its digest.
CREATE TABLE verifier_file (
    sha256 bytea PRIMARY KEY CHECK (sha256 = sha256(source)),
    source bytea NOT NULL
);
