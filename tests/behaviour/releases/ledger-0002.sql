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
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields_used:account','["AccountNumber","BillingCity","BillingCountry","BillingPostalCode","BillingState","BillingStreet","Description","Fax","Name","Phone","ShippingCity","ShippingCountry","ShippingPostalCode","ShippingState","ShippingStreet","Website"]','2026-11-26T19:38:07.381589+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields:Account','{"visible":["AccountNumber","AccountSource","Active__c","AnnualRevenue","BillingAddress","BillingCity","BillingCountry","BillingGeocodeAccuracy","BillingLatitude","BillingLongitude","BillingPostalCode","BillingState","BillingStreet","CreatedById","CreatedDate","Description","DunsNumber","Fax","Id","Industry","IsDeleted","Jigsaw","Languages__c","LastActivityDate","LastModifiedById","LastModifiedDate","LastReferencedDate","LastViewedDate","MasterRecordId","NaicsCode","NaicsDesc","Name","NumberOfEmployees","OwnerId","Ownership","ParentId","Phone","PhotoUrl","Rating","ShippingAddress","ShippingCity","ShippingCountry","ShippingGeocodeAccuracy","ShippingLatitude","ShippingLongitude","ShippingPostalCode","ShippingState","ShippingStreet","Sic","SicDesc","Site","SystemModstamp","TickerSymbol","Type","Website","iPaaS_Id__c"],"fixed":["BillingAddress","CreatedById","CreatedDate","Id","IsDeleted","LastActivityDate","LastModifiedById","LastModifiedDate","LastReferencedDate","LastViewedDate","MasterRecordId","PhotoUrl","ShippingAddress","SystemModstamp"]}','2026-11-26T19:38:07.382949+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','writes_began:account','true','2026-11-26T19:38:07.832457+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','canary:ipaas:account:create:c6fb68a0f0c95daa','true','2026-11-26T19:38:07.486396+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','covered_since:account','""','2026-11-26T19:38:07.506083+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','first_contact:account','"account:run1"','2026-11-26T19:38:07.506797+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields_used:contact','["Account.Name","Email","FirstName","Id","LastName","MailingCity","MailingCountry","MailingPostalCode","MailingState","MailingStreet","Phone"]','2026-11-26T19:38:07.745592+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','fields:Contact','{"visible":["AccountId","Active__c","AssistantName","AssistantPhone","Birthdate","CreatedById","CreatedDate","Department","Description","DoNotCall","Email","EmailBouncedDate","EmailBouncedReason","Fax","FirstName","HasOptedOutOfEmail","HasOptedOutOfFax","HomePhone","Id","IsDeleted","IsEmailBounced","Jigsaw","Languages__c","LastActivityDate","LastModifiedById","LastModifiedDate","LastName","LastReferencedDate","LastViewedDate","LeadSource","MailingAddress","MailingCity","MailingCountry","MailingGeocodeAccuracy","MailingLatitude","MailingLongitude","MailingPostalCode","MailingState","MailingStreet","MasterRecordId","MobilePhone","Name","OtherAddress","OtherCity","OtherCountry","OtherGeocodeAccuracy","OtherLatitude","OtherLongitude","OtherPhone","OtherPostalCode","OtherState","OtherStreet","OwnerId","Phone","ReportsToId","Salutation","SystemModstamp","Title","iPaaS_Id__c"],"fixed":["CreatedById","CreatedDate","Id","IsDeleted","IsEmailBounced","LastActivityDate","LastModifiedById","LastModifiedDate","LastReferencedDate","LastViewedDate","MailingAddress","MasterRecordId","Name","OtherAddress","SystemModstamp"]}','2026-11-26T19:38:07.746066+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','writes_began:contact','true','2026-11-26T19:38:07.874790+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','canary:ipaas:contact:create:c6fb68a0f0c95daa','true','2026-11-26T19:38:07.886921+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','covered_since:contact','"2026-11-13T12:00:00.007521+00:00"','2026-11-26T19:38:07.909137+00:00');
INSERT INTO "ipaas_fact" VALUES('00D5g00000SandBEAR/5501','first_contact:contact','"contact:run4"','2026-11-26T19:38:07.909853+00:00');
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
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000001AAA','seen','done',NULL,'unchanged',NULL,'2026-11-20T12:00:00.000+0000','',NULL,'',NULL,NULL,NULL,NULL,'2026-11-20T12:00:00.580674+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000002AAA','seen','done',NULL,'parked','possible_duplicate','2026-11-20T12:00:00.000+0000','',NULL,'779793555991af0001eeeeef23384b16',NULL,'twin 3','7',NULL,'2026-11-20T12:00:00.579371+00:00',NULL,'1003',NULL,NULL,0,0,'[]',NULL,'Same name or account number as an unlinked record: the other service has 1003.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',NULL,'{"Id":"0015g0000000002AAA","AccountNumber":"7","BillingCity":null,"BillingCountry":null,"BillingPostalCode":null,"BillingState":null,"BillingStreet":null,"CreatedById":"0055g00000AdminAAB","CreatedDate":"2026-11-20T12:00:00.000+0000","Description":null,"Fax":null,"IsDeleted":false,"LastModifiedById":"0055g00000AdminAAB","MasterRecordId":null,"Name":"Twin 3","Phone":null,"ShippingCity":null,"ShippingCountry":null,"ShippingPostalCode":null,"ShippingState":null,"ShippingStreet":null,"SystemModstamp":"2026-11-20T12:00:00.000+0000","Website":null,"iPaaS_Id__c":null}');
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000003AAA','seen','done',NULL,'unchanged',NULL,'2026-11-20T12:00:00.000+0000','',NULL,'',NULL,NULL,NULL,NULL,'2026-11-20T12:00:00.580681+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,NULL,NULL);
INSERT INTO "ipaas_item" VALUES(5,'account','salesforce','0015g0000000004AAA','seen','planned','create',NULL,NULL,'2026-11-20T12:00:00.000+0000','',NULL,'79280099daa452e93d37db39124b8b04',NULL,'new',NULL,NULL,'2026-11-20T12:00:00.579403+00:00',NULL,NULL,NULL,NULL,0,0,'[]',NULL,NULL,NULL,'{"changes":{"name":"New"}}','{"Id":"0015g0000000004AAA","AccountNumber":null,"BillingCity":null,"BillingCountry":null,"BillingPostalCode":null,"BillingState":null,"BillingStreet":null,"CreatedById":"0055g00000AdminAAB","CreatedDate":"2026-11-20T12:00:00.000+0000","Description":null,"Fax":null,"IsDeleted":false,"LastModifiedById":"0055g00000AdminAAB","MasterRecordId":null,"Name":"New","Phone":null,"ShippingCity":null,"ShippingCountry":null,"ShippingPostalCode":null,"ShippingState":null,"ShippingStreet":null,"SystemModstamp":"2026-11-20T12:00:00.000+0000","Website":null,"iPaaS_Id__c":null}');
INSERT INTO "ipaas_item" VALUES(5,'account','ipaas','1003','seen','done',NULL,'parked','possible_duplicate',NULL,'',NULL,'b462843a6ccce9e21db5151a90052cb2',NULL,'twin 2','7',NULL,'2026-11-20T12:00:00.606639+00:00',NULL,'0015g0000000002AAA',NULL,NULL,0,0,'[]',NULL,'Same name or account number as an unlinked record: the other service has 0015g0000000002AAA.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',NULL,'{"id":"1003","name":"Twin 2","department":null,"description":null,"email_address":null,"phone_number":null,"fax_number":null,"url":null,"account_number":"7","tax_id_number":null,"parent_company_id":null,"tracking_guid":"10be5663-c91a-4c74-b822-1d8c586e4557","extension_fields":[],"addresses":[],"custom_fields":[],"external_ids":[]}');
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
	fields TEXT NOT NULL, actor TEXT, 
	CONSTRAINT ipaas_journal_pkey PRIMARY KEY (no)
);
INSERT INTO "ipaas_journal" VALUES(1,'2026-11-26T19:38:07.469264+00:00','account:run1','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000001AAA',NULL,'create','intent','',NULL,'["name","phone"]',NULL);
INSERT INTO "ipaas_journal" VALUES(2,'2026-11-26T19:38:07.482181+00:00','account:run1','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000001AAA','1001','create','outcome','created',NULL,'["name","phone"]',NULL);
INSERT INTO "ipaas_journal" VALUES(3,'2026-11-26T19:38:07.602510+00:00','account:run2','00D5g00000SandBEAR/5501','account','to_salesforce','1002',NULL,'create','intent','',NULL,'["name"]',NULL);
INSERT INTO "ipaas_journal" VALUES(4,'2026-11-26T19:38:07.608404+00:00','account:run2','00D5g00000SandBEAR/5501','account','to_salesforce','1002',NULL,'create','outcome','failed','FIELD_CUSTOM_VALIDATION_EXCEPTION','["name"]',NULL);
INSERT INTO "ipaas_journal" VALUES(5,'2026-11-26T19:38:07.833175+00:00','contact:run4','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000003AAA',NULL,'create','intent','',NULL,'["name"]',NULL);
INSERT INTO "ipaas_journal" VALUES(6,'2026-11-26T19:38:07.842966+00:00','contact:run4','00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000003AAA','1004','create','outcome','created',NULL,'["name"]',NULL);
INSERT INTO "ipaas_journal" VALUES(7,'2026-11-26T19:38:07.875293+00:00','contact:run4','00D5g00000SandBEAR/5501','contact','to_ipaas','0035g0000000001AAA',NULL,'create','intent','',NULL,'["company","customer_number","email","first_name","last_name"]',NULL);
INSERT INTO "ipaas_journal" VALUES(8,'2026-11-26T19:38:07.883466+00:00','contact:run4','00D5g00000SandBEAR/5501','contact','to_ipaas','0035g0000000001AAA','1001','create','outcome','created',NULL,'["company","customer_number","email","first_name","last_name"]',NULL);
CREATE TABLE ipaas_ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ipaas_ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "ipaas_ledger_version" VALUES('0002');
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
INSERT INTO "ipaas_link" VALUES(1,'00D5g00000SandBEAR/5501','account','0015g0000000001AAA','1001','{"name":"Pair","account_number":null,"phone":"1","fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','{"name":"Pair","account_number":null,"phone":"1","fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','active','{}','2026-11-20T12:00:00.129578+00:00','account:run1',0);
INSERT INTO "ipaas_link" VALUES(2,'00D5g00000SandBEAR/5501','account','0015g0000000003AAA','1004','{"name":"Parent","account_number":null,"phone":null,"fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','{"name":"Parent","account_number":null,"phone":null,"fax":null,"website":null,"description":null,"billing_address":null,"shipping_address":null}','active','{}','2026-11-20T12:00:00.491855+00:00','contact:run4',0);
INSERT INTO "ipaas_link" VALUES(3,'00D5g00000SandBEAR/5501','contact','0035g0000000001AAA','1001','{"customer_number":"0035g0000000001AAA","first_name":"Ann","last_name":"Child","email":"child@example.com","company":"Parent","mailing_address":null,"phone":null}','{"customer_number":"0035g0000000001AAA","first_name":"Ann","last_name":"Child","email":"child@example.com","company":"Parent","mailing_address":null,"phone":null}','active','{}','2026-11-20T12:00:00.532492+00:00','contact:run4',0);
CREATE TABLE ipaas_pin (
	connection_id TEXT NOT NULL, 
	identity TEXT NOT NULL, 
	pinned_at TEXT NOT NULL, 
	CONSTRAINT ipaas_pin_pkey PRIMARY KEY (connection_id)
);
INSERT INTO "ipaas_pin" VALUES('salesforce:salesforce_connected_app_default','00D5g00000SandBEAR','2026-11-26T19:38:07.370670+00:00');
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
INSERT INTO "ipaas_run" VALUES(1,'account:run1','account','run1','account','00D5g00000SandBEAR/5501','{"full":true}','','2026-11-20T12:00:00.014462+00:00','reported','{"salesforce_user":"0055g00000IntegAAB","broken:account":{},"salesforce_window":{"start":null,"now":"2026-11-20T12:00:00.013343+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":null,"now":"2026-11-20T12:00:00.001837+00:00"},"calls:extract_ipaas:1":{"ipaas":1},"calls:prerequisites:1":{"salesforce":1},"calls:upsert_ipaas:1":{"ipaas":7}}','{"collection":"account","run_id":"run1","dry_run":false,"to_ipaas":{"seen":1,"created":1,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":0,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":4,"ipaas":8}}','2026-11-26T19:38:07.507517+00:00');
INSERT INTO "ipaas_run" VALUES(2,'account:run2','account','run2','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.167654+00:00','reported','{"salesforce_user":"0055g00000IntegAAB","broken:account":{},"salesforce_window":{"start":"2026-11-13T12:00:00.003412+00:00","now":"2026-11-20T12:00:00.003412+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001731+00:00","now":"2026-11-20T12:00:00.001731+00:00"},"calls:extract_ipaas:1":{"ipaas":3},"calls:prerequisites:1":{"salesforce":2},"calls:upsert_ipaas:1":{"ipaas":0},"calls:upsert_salesforce:1":{"salesforce":2,"ipaas":0}}','{"collection":"account","run_id":"run2","dry_run":false,"to_ipaas":{"seen":1,"created":0,"updated":0,"unchanged":1,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":1,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":1,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[{"source_id":"1002","target_id":null,"code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"No.","next_step":"A validation rule of the org says this; correct the source record."}]},"api_calls":{"salesforce":7,"ipaas":3}}','2026-11-26T19:38:07.622233+00:00');
INSERT INTO "ipaas_run" VALUES(3,'account:run3','account','run3','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.277989+00:00','reported','{"salesforce_user":"0055g00000IntegAAB","broken:account":{},"salesforce_window":{"start":"2026-11-13T12:00:00.003338+00:00","now":"2026-11-20T12:00:00.003338+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001453+00:00","now":"2026-11-20T12:00:00.001453+00:00"},"calls:extract_ipaas:1":{"ipaas":4},"calls:prerequisites:1":{"salesforce":2},"calls:upsert_ipaas:1":{"ipaas":0}}','{"collection":"account","run_id":"run3","dry_run":false,"to_ipaas":{"seen":2,"created":0,"updated":0,"unchanged":1,"skipped":0,"parked":1,"failed":0,"skipped_by_reason":{},"parked_by_reason":{"possible_duplicate":1},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":1,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":1,"failed":0,"skipped_by_reason":{},"parked_by_reason":{"possible_duplicate":1},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":5,"ipaas":4}}','2026-11-26T19:38:07.727499+00:00');
INSERT INTO "ipaas_run" VALUES(4,'contact:run4','contact','run4','contact','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.385343+00:00','reported','{"salesforce_user":"0055g00000IntegAAB","broken:contact":{},"salesforce_window":{"start":"2026-11-13T12:00:00.007521+00:00","now":"2026-11-20T12:00:00.007521+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001518+00:00","now":"2026-11-20T12:00:00.001518+00:00"},"calls:extract_ipaas:1":{"ipaas":1},"broken:account":{},"parent_creates":1,"calls:prerequisites:1":{"salesforce":3,"ipaas":6},"calls:upsert_ipaas:1":{"ipaas":6}}','{"collection":"contact","run_id":"run4","dry_run":false,"to_ipaas":{"seen":1,"created":1,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{"relationship_off":1},"parents":{"created":1,"updated":0,"linked":0,"failed":0},"errors":[]},"to_salesforce":{"seen":0,"created":0,"updated":0,"unchanged":0,"skipped":0,"parked":0,"failed":0,"skipped_by_reason":{},"parked_by_reason":{},"oldest_parked_hours":0.0,"conflicts":{"resolved":0,"parked":0},"warnings":{},"parents":{"created":0,"updated":0,"linked":0,"failed":0},"errors":[]},"api_calls":{"salesforce":6,"ipaas":13}}','2026-11-26T19:38:07.910559+00:00');
INSERT INTO "ipaas_run" VALUES(5,'account:stopped','account','stopped','account','00D5g00000SandBEAR/5501','{}','','2026-11-20T12:00:00.566165+00:00','planned','{"salesforce_user":"0055g00000IntegAAB","broken:account":{},"salesforce_window":{"start":"2026-11-13T12:00:00.003215+00:00","now":"2026-11-20T12:00:00.003215+00:00","fence":"2026-11-20T12:00:00+00:00"},"calls:extract_salesforce:1":{"salesforce":3},"ipaas_window":{"start":"2026-11-13T12:00:00.001346+00:00","now":"2026-11-20T12:00:00.001346+00:00"},"calls:extract_ipaas:1":{"ipaas":6},"calls:prerequisites:1":{"salesforce":2}}',NULL,NULL);
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
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000001AAA','2026-11-20T12:00:00.000+0000','926d491880691e0641e20c53bd2c9e78',NULL,'pair',NULL,NULL,0,'unchanged','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1001',NULL,'926d491880691e0641e20c53bd2c9e78',NULL,'pair',NULL,'0015g0000000001AAA',0,'unchanged','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1002',NULL,'7d8e9d474da7365a1e6bde7729e46c3b',NULL,'refused',NULL,NULL,0,'failed:FIELD_CUSTOM_VALIDATION_EXCEPTION','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1003',NULL,'b462843a6ccce9e21db5151a90052cb2',NULL,'twin 2','7',NULL,0,'parked:possible_duplicate','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000002AAA','2026-11-20T12:00:00.000+0000','779793555991af0001eeeeef23384b16',NULL,'twin 3','7',NULL,0,'parked:possible_duplicate','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','salesforce','0015g0000000003AAA','2026-11-20T12:00:00.000+0000','664fbad98da73ae6bd67a91a64f53fd0',NULL,'parent',NULL,NULL,0,'unchanged','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','account','ipaas','1004',NULL,'664fbad98da73ae6bd67a91a64f53fd0',NULL,'parent',NULL,'0015g0000000003AAA',0,'unchanged','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','contact','salesforce','0035g0000000001AAA','2026-11-20T12:00:00.000+0000','3ae1c7f377adf3e4cac8c680deab92d5','child@example.com',NULL,NULL,NULL,0,'unchanged','b5328ea73dbc8d0e69d5dc913e13aae2e219bb61e295973850c22092df9a7894');
INSERT INTO "ipaas_seen" VALUES('00D5g00000SandBEAR/5501','contact','ipaas','1001','2026-11-20T07:00:00.0000000-05:00','3ae1c7f377adf3e4cac8c680deab92d5','child@example.com',NULL,NULL,'0035g0000000001AAA',0,'unchanged','b5328ea73dbc8d0e69d5dc913e13aae2e219bb61e295973850c22092df9a7894');
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
	next_at TEXT, run_key TEXT, 
	CONSTRAINT ipaas_unresolved_pkey PRIMARY KEY (scope, collection, direction, source_id)
);
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_salesforce','1002','refused_before',NULL,'FIELD_CUSTOM_VALIDATION_EXCEPTION','No.','A validation rule of the org says this; correct the source record.',1,'7d8e9d474da7365a1e6bde7729e46c3b','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09','{}','2026-11-20T12:00:00.255547+00:00','2026-11-20T12:00:00.255547+00:00','2026-11-20T12:20:00.255547+00:00','account:run2');
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_ipaas','0015g0000000002AAA','possible_duplicate','1003',NULL,'Same name or account number as an unlinked record: the other service has 1003.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',0,'779793555991af0001eeeeef23384b16','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09','{}','2026-11-20T12:00:00.348659+00:00','2026-11-20T12:00:00.640149+00:00','2026-11-20T12:00:00.640149+00:00','account:stopped');
INSERT INTO "ipaas_unresolved" VALUES('00D5g00000SandBEAR/5501','account','to_salesforce','1003','possible_duplicate','0015g0000000002AAA',NULL,'Same name or account number as an unlinked record: the other service has 0015g0000000002AAA.','Look at both records: where they are the same, store the Salesforce id as the external id of the iPaaS.com record (or merge); where they are not, change the name or account number of one.',0,'b462843a6ccce9e21db5151a90052cb2','fd3c14ad92de813d9ae5242216857147ec0b2185c261800f981c634c42775a09','{}','2026-11-20T12:00:00.354134+00:00','2026-11-20T12:00:00.645538+00:00','2026-11-20T12:00:00.645538+00:00','account:stopped');
CREATE TABLE ipaas_watermark (
	scope TEXT NOT NULL, 
	collection TEXT NOT NULL, 
	side TEXT NOT NULL, 
	value TEXT NOT NULL, 
	run_key TEXT NOT NULL, 
	set_at TEXT NOT NULL, 
	CONSTRAINT ipaas_watermark_pkey PRIMARY KEY (scope, collection, side)
);
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','account','salesforce','2026-11-20T12:00:00.000000+00:00','account:run1','2026-11-26T19:38:07.503373+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','account','ipaas','2026-11-20T12:00:00.001837+00:00','account:run1','2026-11-26T19:38:07.505090+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','contact','salesforce','2026-11-20T12:00:00.000000+00:00','contact:run4','2026-11-26T19:38:07.906991+00:00');
INSERT INTO "ipaas_watermark" VALUES('00D5g00000SandBEAR/5501','contact','ipaas','2026-11-20T12:00:00.001518+00:00','contact:run4','2026-11-26T19:38:07.908197+00:00');
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
