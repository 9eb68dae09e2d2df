BEGIN TRANSACTION;
CREATE TABLE ipaas_claim (
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	run_key TEXT NOT NULL, 
	state TEXT NOT NULL, 
	claimed_at TEXT, 
	sent_at TEXT, 
	sent TEXT NOT NULL, 
	target_id TEXT, 
	CONSTRAINT ipaas_claim_pkey PRIMARY KEY (scope, collection, direction, source_id)
);
CREATE TABLE ipaas_fact (
	scope TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT, 
	stored_at TEXT NOT NULL, 
	CONSTRAINT ipaas_fact_pkey PRIMARY KEY (scope, "key")
);
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields:Account','["AccountNumber","AccountSource","Active__c","AnnualRevenue","BillingAddress","BillingCity","BillingCountry","BillingGeocodeAccuracy","BillingLatitude","BillingLongitude","BillingPostalCode","BillingState","BillingStreet","CreatedById","CreatedDate","Description","DunsNumber","Fax","Id","Industry","IsDeleted","Jigsaw","Languages__c","LastActivityDate","LastModifiedById","LastModifiedDate","LastReferencedDate","LastViewedDate","MasterRecordId","NaicsCode","NaicsDesc","Name","NumberOfEmployees","OwnerId","Ownership","ParentId","Phone","PhotoUrl","Rating","ShippingAddress","ShippingCity","ShippingCountry","ShippingGeocodeAccuracy","ShippingLatitude","ShippingLongitude","ShippingPostalCode","ShippingState","ShippingStreet","Sic","SicDesc","Site","SystemModstamp","TickerSymbol","Type","Website","iPaaS_Id__c"]','2026-11-26T07:17:04.585379+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','writes_began:account','true','2026-11-26T07:17:05.552519+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','canary:ipaas:account:create:c6fb68a0f0c95daa','true','2026-11-26T07:17:04.782075+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','first_contact:account','"account:run1"','2026-11-26T07:17:04.832333+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields:Contact','["AccountId","Active__c","AssistantName","AssistantPhone","Birthdate","CreatedById","CreatedDate","Department","Description","DoNotCall","Email","EmailBouncedDate","EmailBouncedReason","Fax","FirstName","HasOptedOutOfEmail","HasOptedOutOfFax","HomePhone","Id","IsDeleted","IsEmailBounced","Jigsaw","Languages__c","LastActivityDate","LastModifiedById","LastModifiedDate","LastName","LastReferencedDate","LastViewedDate","LeadSource","MailingAddress","MailingCity","MailingCountry","MailingGeocodeAccuracy","MailingLatitude","MailingLongitude","MailingPostalCode","MailingState","MailingStreet","MasterRecordId","MobilePhone","Name","OtherAddress","OtherCity","OtherCountry","OtherGeocodeAccuracy","OtherLatitude","OtherLongitude","OtherPhone","OtherPostalCode","OtherState","OtherStreet","OwnerId","Phone","ReportsToId","Salutation","SystemModstamp","Title","iPaaS_Id__c"]','2026-11-26T07:17:05.369219+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','writes_began:contact','true','2026-11-26T07:17:05.640552+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','canary:ipaas:contact:create:c6fb68a0f0c95daa','true','2026-11-26T07:17:05.672371+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','first_contact:contact','"contact:run4"','2026-11-26T07:17:05.728353+00:00');
CREATE TABLE ipaas_item (
	run_no INTEGER NOT NULL, 
	collection TEXT NOT NULL, 
	side TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	state TEXT NOT NULL, 
	op TEXT, 
	outcome TEXT, 
	reason TEXT, 
	stamp TEXT, 
	missing TEXT NOT NULL, 
	master_id TEXT, 
	content_hash TEXT NOT NULL, 
	email_key TEXT, 
	name_key TEXT, 
	number_key TEXT, 
	external_id TEXT, 
	captured_at TEXT, 
	link_to TEXT, 
	target_id TEXT, 
	link_id INTEGER, 
	link_version INTEGER, 
	conflicts_resolved INTEGER NOT NULL, 
	conflicts_parked INTEGER NOT NULL, 
	warnings TEXT NOT NULL, 
	code TEXT, 
	message TEXT, 
	next_step TEXT, 
	payload TEXT, 
	record TEXT, 
	CONSTRAINT ipaas_item_pkey PRIMARY KEY (run_no, collection, side, record_id), 
	CONSTRAINT ipaas_item_run_no_fkey FOREIGN KEY(run_no) REFERENCES ipaas_run (no) ON DELETE CASCADE
);
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000001AAA','seen','done',NULL,'unchanged',NULL,'2026-11-20T12:00:00.000+0000','',NULL,'',NULL,NULL,NULL,NULL,'2026-11-20T12:00:01.247055+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000002AAA','seen','done',NULL,'parked','possible_duplicate','2026-11-20T12:00:00.000+0000','',NULL,'779793555991af0001eeeeef23384b16',NULL,'twin 3','7',NULL,'2026-11-20T12:00:01.245811+00:00',NULL,'1003',NULL,NULL,0,0,'[]',NULL,'Same name or account number as an unlinked record: the other service has 1003.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',NULL,'{"Id":"0015g0000000002AAA","AccountNumber":"7","BillingCity":null,"BillingCountry":null,"BillingPostalCode":null,"BillingState":null,"BillingStreet":null,"Description":null,"Fax":null,"IsDeleted":false,"LastModifiedById":"0055g00000AdminAAB","MasterRecordId":null,"Name":"Twin 3","Phone":null,"ShippingCity":null,"ShippingCountry":null,"ShippingPostalCode":null,"ShippingState":null,"ShippingStreet":null,"SystemModstamp":"2026-11-20T12:00:00.000+0000","Website":null,"iPaaS_Id__c":null}');
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000003AAA','seen','done',NULL,'unchanged',NULL,'2026-11-20T12:00:00.000+0000','',NULL,'',NULL,NULL,NULL,NULL,'2026-11-20T12:00:01.247062+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000004AAA','seen','planned','create',NULL,NULL,'2026-11-20T12:00:00.000+0000','',NULL,'79280099daa452e93d37db39124b8b04',NULL,'new',NULL,NULL,'2026-11-20T12:00:01.245842+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,'{"changes":{"name":"New"}}','{"Id":"0015g0000000004AAA","AccountNumber":null,"BillingCity":null,"BillingCountry":null,"BillingPostalCode":null,"BillingState":null,"BillingStreet":null,"Description":null,"Fax":null,"IsDeleted":false,"LastModifiedById":"0055g00000AdminAAB","MasterRecordId":null,"Name":"New","Phone":null,"ShippingCity":null,"ShippingCountry":null,"ShippingPostalCode":null,"ShippingState":null,"ShippingStreet":null,"SystemModstamp":"2026-11-20T12:00:00.000+0000","Website":null,"iPaaS_Id__c":null}');
INSERT INTO "ipaas_item" VALUES(5,'account','ipaas','1003','seen','done',NULL,'parked','possible_duplicate',NULL,'',NULL,'b462843a6ccce9e21db5151a90052cb2',NULL,'twin 2','7',NULL,'2026-11-20T12:00:01.304840+00:00',NULL,'0015g0000000002AAA',NULL,NULL,0,0,'[]',NULL,'Same name or account number as an unlinked record: the other service has 0015g0000000002AAA.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',NULL,'{"id":"1003","name":"Twin 2","department":null,"description":null,"email_address":null,"phone_number":null,"fax_number":null,"url":null,"account_number":"7","tax_id_number":null,"parent_company_id":null,"tracking_guid":"395eb46e-5533-42f5-84eb-5904ae7e12ee","extension_fields":[],"addresses":[],"custom_fields":[],"external_ids":[]}');
CREATE TABLE ipaas_journal (
	no INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	run_key TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	target_id TEXT, 
	op TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	code TEXT, 
	fields TEXT NOT NULL, 
	CONSTRAINT ipaas_journal_pkey PRIMARY KEY (no)
);
INSERT INTO "ipaas_journal" VALUES(1,'2026-11-26T07:17:04.748111+00:00','account:run1','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000001AAA',NULL,'create','intent','',NULL,'["name","phone"]');
INSERT INTO "ipaas_journal" VALUES(2,'2026-11-26T07:17:04.772802+00:00','account:run1','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000001AAA','1001','create','outcome','created',NULL,'["name","phone"]');
INSERT INTO "ipaas_journal" VALUES(3,'2026-11-26T07:17:05.050224+00:00','account:run2','00D5g00000SandBEAR/5501','account','to_salesforce','1002',NULL,'create','intent','',NULL,'["name"]');
INSERT INTO "ipaas_journal" VALUES(4,'2026-11-26T07:17:05.060688+00:00','account:run2','00D5g00000SandBEAR/5501','account','to_salesforce','1002',NULL,'create','outcome','failed','FIELD_CUSTOM_VALIDATION_EXCEPTION','["name"]');
INSERT INTO "ipaas_journal" VALUES(5,'2026-11-26T07:17:05.556085+00:00','contact:run4','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000003AAA',NULL,'create','intent','',NULL,'["name"]');
INSERT INTO "ipaas_journal" VALUES(6,'2026-11-26T07:17:05.580319+00:00','contact:run4','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000003AAA','1004','create','outcome','created',NULL,'["name"]');
INSERT INTO "ipaas_journal" VALUES(7,'2026-11-26T07:17:05.644084+00:00','contact:run4','00D5g00000SandBEAR/5501','contact','to_ipaas','0035g0000000001AAA',NULL,'create','intent','',NULL,'["company","customer_number","email","first_name","last_name"]');
INSERT INTO "ipaas_journal" VALUES(8,'2026-11-26T07:17:05.660594+00:00','contact:run4','00D5g00000SandBEAR/5501','contact','to_ipaas','0035g0000000001AAA','1001','create','outcome','created',NULL,'["company","customer_number","email","first_name","last_name"]');
CREATE TABLE ipaas_ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ipaas_ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "ipaas_ledger_version" VALUES('0001');
CREATE TABLE ipaas_link (
	id INTEGER NOT NULL, 
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	salesforce_id TEXT NOT NULL, 
	ipaas_id TEXT NOT NULL, 
	salesforce_showing TEXT, 
	ipaas_showing TEXT, 
	state TEXT NOT NULL, 
	flips TEXT NOT NULL, 
	settled_at TEXT, 
	settled_by TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT ipaas_link_pkey PRIMARY KEY (id), 
	CONSTRAINT ipaas_link_scope_collection_ipaas_id_key UNIQUE (scope, collection, ipaas_id), 
	CONSTRAINT ipaas_link_scope_collection_salesforce_id_key UNIQUE (scope, collection, salesforce_id)
);
INSERT INTO "ipaas_link" VALUES(1,'00D5g00000SandBEAR/5501','account','0015g0000000001AAA','1001','{"name":"Pair","account_number":null,"phone":"1","fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','{"name":"Pair","account_number":null,"phone":"1","fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','active','{}','2026-11-20T12:00:00.238182+00:00','account:run1',0);
INSERT INTO "ipaas_link" VALUES(2,'00D5g00000SandBEAR/5501','account','0015g0000000003AAA','1004','{"name":"Parent","account_number":null,"phone":null,"fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','{"name":"Parent","account_number":null,"phone":null,"fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','active','{}','2026-11-20T12:00:01.046752+00:00','contact:run4',0);
INSERT INTO "ipaas_link" VALUES(3,'00D5g00000SandBEAR/5501','contact','0035g0000000001AAA','1001','{"customer_number":"0035g0000000001AAA","first_name":"Ann","last_name":"Child","email":"child@example.com","company":"Parent","mailing_address":null,"phone":null}','{"customer_number":"0035g0000000001AAA","first_name":"Ann","last_name":"Child","email":"child@example.com","company":"Parent","mailing_address":null,"phone":null}','active','{}','2026-11-20T12:00:01.131120+00:00','contact:run4',0);
CREATE TABLE ipaas_pin (
	connection_id TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	pinned_at TEXT NOT NULL, 
	CONSTRAINT ipaas_pin_pkey PRIMARY KEY (connection_id)
);
INSERT INTO "ipaas_pin" VALUES('salesforce:salesforce_connected_app_default','00D5g00000SandBEAR','2026-11-26T07:17:04.566972+00:00');
CREATE TABLE ipaas_run (
	no INTEGER NOT NULL, 
	run_key TEXT NOT NULL, 
	dag_id TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	scope TEXT NOT NULL, 
	params TEXT NOT NULL, 
	mapping_fingerprint TEXT NOT NULL, 
	started_at TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	summary TEXT, 
	reported_at TEXT, 
	CONSTRAINT ipaas_run_pkey PRIMARY KEY (no), 
	CONSTRAINT ipaas_run_run_key_key UNIQUE (run_key)
);
INSERT INTO "ipaas_run" VALUES(1,'account:run1','account','run1','account','00D5g00000SandBEAR/5501','{"full":true}','','2026-11-20T12:00:00.025617+00:00','reported','{"salesforce_window":{"start":null,"now":"2026-11-20T12:00:00.023611+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":null,"now":"2026-11-20T12:00:00.003356+00:00"},"calls:extract_ipaas:1":{"ipaas":1},"calls:prerequisites:1":{"salesforce":1},"calls:upsert_ipaas:1":{"ipaas":7}}','{"collection":"account","run_id":"run1","dry_run":false,"to_ipaas":{"seen":1,"created":1,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":0,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":4,"ipaas":8}}','2026-11-26T07:17:04.836085+00:00');
INSERT INTO "ipaas_run" VALUES(2,'account:run2','account','run2','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.331831+00:00','reported','{"salesforce_window":{"start":"2026-11-13T12:00:00.010495+00:00","now":"2026-11-20T12:00:00.010495+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001339+00:00","now":"2026-11-20T12:00:00.001339+00:00"},"calls:extract_ipaas:1":{"ipaas":3},"calls:prerequisites:1":{"salesforce":2},"calls:upsert_ipaas:1":{"ipaas":0},"calls:upsert_salesforce:1":{"salesforce":2,"ipaas":0}}','{"collection":"account","run_id":"run2","dry_run":false,"to_ipaas":{"seen":1,"created":0,"updated":0,"unchanged":1,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":1,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":1,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[{"source_id":"1002","target_id":null,"code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"No.","next_step":"A validation rule of the org says this; correct the source record."}]},"api_calls":{"salesforce":7,"ipaas":3}}','2026-11-26T07:17:05.090735+00:00');
INSERT INTO "ipaas_run" VALUES(3,'account:run3','account','run3','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.582197+00:00','reported','{"salesforce_window":{"start":"2026-11-13T12:00:00.006341+00:00","now":"2026-11-20T12:00:00.006341+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001308+00:00","now":"2026-11-20T12:00:00.001308+00:00"},"calls:extract_ipaas:1":{"ipaas":4},"calls:prerequisites:1":{"salesforce":2},"calls:upsert_ipaas:1":{"ipaas":0}}','{"collection":"account","run_id":"run3","dry_run":false,"to_ipaas":{"seen":2,"created":0,"updated":0,"unchanged":1,"skipped":0,"parked":1,"failed":0,"skipped_by_reason":{},"parked_by_reason":{"possible_duplicate":1},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":1,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":1,"failed":0,"skipped_by_reason":{},"parked_by_reason":{"possible_duplicate":1},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":5,"ipaas":4}}','2026-11-26T07:17:05.328222+00:00');
INSERT INTO "ipaas_run" VALUES(4,'contact:run4','contact','run4','contact','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.820400+00:00','reported','{"salesforce_window":{"start":"2026-11-13T12:00:00.017870+00:00","now":"2026-11-20T12:00:00.017870+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.006793+00:00","now":"2026-11-20T12:00:00.006793+00:00"},"calls:extract_ipaas:1":{"ipaas":1},"parent_creates":1,"calls:prerequisites:1":{"salesforce":3,"ipaas":6},"calls:upsert_ipaas:1":{"ipaas":6}}','{"collection":"contact","run_id":"run4","dry_run":false,"to_ipaas":{"seen":1,"created":1,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{"relationship_off":1},"parents":{"created":1,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":0,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":6,"ipaas":13}}','2026-11-26T07:17:05.732093+00:00');
INSERT INTO "ipaas_run" VALUES(5,'account:stopped','account','stopped','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:01.218697+00:00','planned','{"salesforce_window":{"start":"2026-11-13T12:00:00.006535+00:00","now":"2026-11-20T12:00:00.006535+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001359+00:00","now":"2026-11-20T12:00:00.001359+00:00"},"calls:extract_ipaas:1":{"ipaas":6},"calls:prerequisites:1":{"salesforce":2}}',NULL,NULL);
CREATE TABLE ipaas_seen (
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	side TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	stamp TEXT, 
	content_hash TEXT NOT NULL, 
	email_key TEXT, 
	name_key TEXT, 
	number_key TEXT, 
	external_id TEXT, 
	baseline BOOLEAN NOT NULL, 
	fate TEXT NOT NULL, 
	mapping_fingerprint TEXT NOT NULL, 
	CONSTRAINT ipaas_seen_pkey PRIMARY KEY (scope, collection, side, record_id)
);
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000001AAA','2026-11-20T12:00:00.000+0000','926d491880691e0641e20c53bd2c9e78',NULL,'pair',NULL,NULL,0,'unchanged','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1001',NULL,'926d491880691e0641e20c53bd2c9e78',NULL,'pair',NULL,'0015g0000000001AAA',0,'unchanged','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1002',NULL,'7d8e9d474da7365a1e6bde7729e46c3b',NULL,'refused',NULL,NULL,0,'failed:FIELD_CUSTOM_VALIDATION_EXCEPTION','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1003',NULL,'b462843a6ccce9e21db5151a90052cb2',NULL,'twin 2','7',NULL,0,'parked:possible_duplicate','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000002AAA','2026-11-20T12:00:00.000+0000','779793555991af0001eeeeef23384b16',NULL,'twin 3','7',NULL,0,'parked:possible_duplicate','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000003AAA','2026-11-20T12:00:00.000+0000','664fbad98da73ae6bd67a91a64f53fd0',NULL,'parent',NULL,NULL,0,'unchanged','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1004',NULL,'664fbad98da73ae6bd67a91a64f53fd0',NULL,'parent',NULL,'0015g0000000003AAA',0,'unchanged','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','contact','salesforce','0035g0000000001AAA','2026-11-20T12:00:00.000+0000','3ae1c7f377adf3e4cac8c680deab92d5','child@example.com',NULL,NULL,NULL,0,'unchanged','b986dea68456e89e6640502e28fae15556c6245ae2c625c482882c9d956e65c5');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','contact','ipaas','1001','2026-11-20T07:00:00.0000000-05:00','3ae1c7f377adf3e4cac8c680deab92d5','child@example.com',NULL,NULL,'0035g0000000001AAA',0,'unchanged','b986dea68456e89e6640502e28fae15556c6245ae2c625c482882c9d956e65c5');
CREATE TABLE ipaas_unresolved (
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	direction TEXT NOT NULL, 
	source_id TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	target_id TEXT, 
	code TEXT, 
	message TEXT, 
	next_step TEXT, 
	attempts INTEGER NOT NULL, 
	content_hash TEXT NOT NULL, 
	mapping_fingerprint TEXT NOT NULL, 
	details TEXT NOT NULL, 
	first_at TEXT NOT NULL, 
	last_at TEXT, 
	next_at TEXT, 
	CONSTRAINT ipaas_unresolved_pkey PRIMARY KEY (scope, collection, direction, source_id)
);
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_salesforce','1002','refused_before',NULL,'FIELD_CUSTOM_VALIDATION_EXCEPTION','No.','A validation rule of the org says this; correct the source record.',1,'7d8e9d474da7365a1e6bde7729e46c3b','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d','{}','2026-11-20T12:00:00.530360+00:00','2026-11-20T12:00:00.530360+00:00','2026-11-20T12:20:00.530360+00:00');
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000002AAA','possible_duplicate','1003',NULL,'Same name or account number as an unlinked record: the other service has 1003.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',0,'779793555991af0001eeeeef23384b16','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d','{}','2026-11-20T12:00:00.737776+00:00','2026-11-20T12:00:01.384558+00:00','2026-11-20T12:00:01.384558+00:00');
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_salesforce','1003','possible_duplicate','0015g0000000002AAA',NULL,'Same name or account number as an unlinked record: the other service has 0015g0000000002AAA.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',0,'b462843a6ccce9e21db5151a90052cb2','94fcdec2a3273946d4cfde593ebbdb37ffa389bb4b38f90ea631578793cf8c9d','{}','2026-11-20T12:00:00.747294+00:00','2026-11-20T12:00:01.403525+00:00','2026-11-20T12:00:01.403525+00:00');
CREATE TABLE ipaas_watermark (
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	side TEXT NOT NULL, 
	value TEXT NOT NULL, 
	run_key TEXT NOT NULL, 
	set_at TEXT NOT NULL, 
	CONSTRAINT ipaas_watermark_pkey PRIMARY KEY (scope, collection, side)
);
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','account','salesforce','2026-11-20T12:00:00.000000+00:00','account:run1','2026-11-26T07:17:04.822947+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','account','ipaas','2026-11-20T12:00:00.003356+00:00','account:run1','2026-11-26T07:17:04.824519+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','contact','salesforce','2026-11-20T12:00:00.000000+00:00','contact:run4','2026-11-26T07:17:05.714104+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','contact','ipaas','2026-11-20T12:00:00.006793+00:00','contact:run4','2026-11-26T07:17:05.724473+00:00');
CREATE INDEX ipaas_claim_open_ix ON ipaas_claim (scope, collection, direction) WHERE state != 'done';
CREATE INDEX ipaas_journal_at_ix ON ipaas_journal (at);
CREATE INDEX ipaas_journal_source_ix ON ipaas_journal (scope, collection, direction, source_id);
CREATE INDEX ipaas_run_started_at_ix ON ipaas_run (started_at);
CREATE INDEX ipaas_seen_email_key_ix ON ipaas_seen (scope, collection, side, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX ipaas_seen_external_id_ix ON ipaas_seen (scope, collection, side, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX ipaas_seen_name_key_ix ON ipaas_seen (scope, collection, side, name_key) WHERE name_key IS NOT NULL;
CREATE INDEX ipaas_seen_number_key_ix ON ipaas_seen (scope, collection, side, number_key) WHERE number_key IS NOT NULL;
CREATE INDEX ipaas_unresolved_first_at_ix ON ipaas_unresolved (scope, collection, direction, first_at, source_id);
CREATE INDEX ipaas_item_email_key_ix ON ipaas_item (run_no, collection, side, email_key) WHERE email_key IS NOT NULL;
CREATE INDEX ipaas_item_external_id_ix ON ipaas_item (run_no, collection, side, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX ipaas_item_name_key_ix ON ipaas_item (run_no, collection, side, name_key) WHERE name_key IS NOT NULL;
CREATE INDEX ipaas_item_number_key_ix ON ipaas_item (run_no, collection, side, number_key) WHERE number_key IS NOT NULL;
CREATE INDEX ipaas_item_walk_ix ON ipaas_item (run_no, collection, side, stamp, record_id);
COMMIT;
