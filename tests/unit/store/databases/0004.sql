BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE artifact (
	evaluation_id INTEGER NOT NULL, 
	role VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	CONSTRAINT pk_artifact PRIMARY KEY (evaluation_id, role), 
	CONSTRAINT fk_artifact_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluation (id)
);
INSERT INTO "artifact" VALUES(1,'log','k/log');
CREATE TABLE "evaluation" (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	backend VARCHAR NOT NULL, 
	adapter_version INTEGER NOT NULL, 
	tool VARCHAR NOT NULL, 
	workload VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	parameters JSON NOT NULL, 
	workload_parameters JSON NOT NULL, 
	status VARCHAR NOT NULL, 
	failure_kind VARCHAR, 
	failure_message VARCHAR, 
	failure_log VARCHAR, 
	failure_hint VARCHAR, 
	effective JSON NOT NULL, 
	attempts INTEGER NOT NULL, 
	started_at DATETIME NOT NULL, 
	duration_s DOUBLE, 
	host VARCHAR NOT NULL, 
	dse_version VARCHAR NOT NULL, 
	CONSTRAINT pk_evaluation PRIMARY KEY (id), 
	CONSTRAINT uq_evaluation_key UNIQUE ("key")
);
INSERT INTO "evaluation" VALUES(1,'k','b',1,'tool 2.0','w','f','{"bits": 8}','{"seed": 1}','done',NULL,NULL,NULL,NULL,'{"layers": {"d": {"x": [1, null]}}}',1,'2026-01-02 03:04:05.000000',1.5,'here','0.1');
INSERT INTO "evaluation" VALUES(2,'l','b',1,'tool 2.0','w','f','{"bits": 8}','{"seed": 1}','failed','licence','none left','the log','wait','{}',1,'2026-01-02 03:04:05.000000',NULL,'here','0.1');
CREATE TABLE lease (
	"key" VARCHAR NOT NULL, 
	run_id VARCHAR NOT NULL, 
	CONSTRAINT pk_lease PRIMARY KEY ("key"), 
	CONSTRAINT fk_lease_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE metric (
	evaluation_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	value DOUBLE NOT NULL, 
	unit VARCHAR NOT NULL, 
	direction VARCHAR NOT NULL, 
	fidelity VARCHAR NOT NULL, 
	low DOUBLE, 
	high DOUBLE, 
	replicas BLOB, 
	CONSTRAINT pk_metric PRIMARY KEY (evaluation_id, name), 
	CONSTRAINT fk_metric_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluation (id)
);
INSERT INTO "metric" VALUES(1,'lut',7.0,'','minimise','csynth',6.0,8.0,X'0000000000000000000000000000F03F0000000000000040');
CREATE TABLE point (
	id INTEGER NOT NULL, 
	study_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	parameters JSON NOT NULL, 
	current BOOLEAN NOT NULL, 
	CONSTRAINT pk_point PRIMARY KEY (id), 
	CONSTRAINT uq_point_number UNIQUE (study_id, number), 
	CONSTRAINT uq_point_digest UNIQUE (study_id, digest), 
	CONSTRAINT fk_point_study_id FOREIGN KEY(study_id) REFERENCES study (id)
);
INSERT INTO "point" VALUES(1,1,0,'4b2d00c1f1f6419edaa12a4ff6dc43fb364d0e7ab54d51104531fa8010988355','{"bits": 8}',1);
INSERT INTO "point" VALUES(2,1,1,'e90db5b8e4f4cb1a9074f60b16f0914ecbd79ab84a71fae21aa4d164a77d984e','{"bits": 9}',1);
CREATE TABLE point_evaluation (
	point_id INTEGER NOT NULL, 
	backend VARCHAR NOT NULL, 
	evaluation_id INTEGER NOT NULL, 
	CONSTRAINT pk_point_evaluation PRIMARY KEY (point_id, backend), 
	CONSTRAINT fk_point_evaluation_point_id FOREIGN KEY(point_id) REFERENCES point (id), 
	CONSTRAINT fk_point_evaluation_evaluation_id FOREIGN KEY(evaluation_id) REFERENCES evaluation (id)
);
INSERT INTO "point_evaluation" VALUES(1,'b',1);
INSERT INTO "point_evaluation" VALUES(2,'b',2);
CREATE TABLE run (
	id VARCHAR NOT NULL, 
	study VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	machine VARCHAR NOT NULL, 
	pid INTEGER NOT NULL, 
	process_started DOUBLE NOT NULL, 
	started_at DATETIME NOT NULL, 
	seen_at DATETIME NOT NULL, 
	progress JSON NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY (id)
);
CREATE TABLE study (
	id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	description VARCHAR NOT NULL, 
	path VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	objectives JSON NOT NULL, 
	state VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, owner VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_study PRIMARY KEY (id), 
	CONSTRAINT uq_study_name UNIQUE (name)
);
INSERT INTO "study" VALUES(1,'s','a study','s.yaml','name: s','{"lut": "minimise"}','done','2026-01-02 03:04:05.000000','2026-01-02 03:04:05.000000','');
CREATE INDEX ix_evaluation_backend ON evaluation (backend);
CREATE VIEW v_metrics AS 
    SELECT study.name AS study, point.number AS point, evaluation.backend AS backend, metric.name AS metric, metric.value AS value, metric.unit AS unit,
        metric.low AS low, metric.high AS high, metric.fidelity AS fidelity,
        evaluation.tool AS tool, evaluation.key AS evaluation
    FROM point
    JOIN study ON study.id = point.study_id
    JOIN point_evaluation ON point_evaluation.point_id = point.id
    JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
 JOIN metric ON metric.evaluation_id = evaluation.id;
CREATE VIEW v_failures AS 
    SELECT study.name AS study, point.number AS point, evaluation.backend AS backend, evaluation.failure_kind AS kind, evaluation.failure_message AS message,
        evaluation.failure_hint AS hint, evaluation.tool AS tool, evaluation.key AS evaluation
    FROM point
    JOIN study ON study.id = point.study_id
    JOIN point_evaluation ON point_evaluation.point_id = point.id
    JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
 WHERE evaluation.status = 'failed';
CREATE VIEW v_points AS
        SELECT study.name AS study, point.number AS point, json_extract(point.parameters, '$."bits"') AS "bits", MAX(CASE WHEN evaluation.backend = 'b' AND metric.name = 'lut' THEN metric.value END) AS "b_lut"
        FROM point
        JOIN study ON study.id = point.study_id
        LEFT JOIN point_evaluation ON point_evaluation.point_id = point.id
        LEFT JOIN evaluation ON evaluation.id = point_evaluation.evaluation_id
        LEFT JOIN metric ON metric.evaluation_id = evaluation.id
        WHERE point.current
        GROUP BY point.id, study.name, point.number;
CREATE INDEX ix_lease_run_id ON lease (run_id);
CREATE INDEX ix_point_study_id ON point (study_id, current);
CREATE INDEX ix_point_evaluation_evaluation_id ON point_evaluation (evaluation_id, point_id);
CREATE INDEX ix_evaluation_id ON evaluation (id) WHERE status = 'failed';
COMMIT;
