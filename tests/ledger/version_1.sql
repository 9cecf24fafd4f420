-- A ledger of schema 1: two orders, one of them filled, and a halt.
BEGIN TRANSACTION;
CREATE TABLE attempts (id INTEGER PRIMARY KEY, account TEXT NOT NULL, at TEXT NOT NULL, accepted INTEGER NOT NULL) STRICT;
INSERT INTO "attempts" VALUES(1,'DU1234567','2026-05-04T15:00:00.000000+00:00',1);
INSERT INTO "attempts" VALUES(2,'DU1234567','2026-05-04T15:00:00.000000+00:00',1);
CREATE TABLE fills (
    stem TEXT PRIMARY KEY, version INTEGER NOT NULL, execution_id TEXT NOT NULL, order_ref TEXT NOT NULL,
    perm_id INTEGER NOT NULL, account TEXT NOT NULL, con_id INTEGER NOT NULL, symbol TEXT NOT NULL,
    currency TEXT NOT NULL, exchange TEXT NOT NULL, side TEXT NOT NULL, quantity TEXT NOT NULL, price TEXT NOT NULL,
    at TEXT NOT NULL, commission TEXT, realized_pnl TEXT, owner TEXT NOT NULL, recorded_at TEXT NOT NULL
) STRICT;
INSERT INTO "fills" VALUES('0000e0d5.00000001.01',1,'0000e0d5.00000001.01.01','ELB:00000000000000000000000001',77,'DU1234567',756733,'SPY','USD','SMART','BUY','10','100.00','2026-05-04T15:00:00.000000+00:00',NULL,NULL,'old kernel','2026-05-04T15:00:00.000000+00:00');
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, order_ref TEXT NOT NULL, owner TEXT NOT NULL,
    facts TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
INSERT INTO "journal" VALUES(1,'2026-05-04T15:00:00.000000+00:00','INTENT','ELB:00000000000000000000000001','old kernel','{"account":"DU1234567","ask":"100.10","bid":"100.00","checks":["SESSION_NOT_READY: ready","ACCOUNT_MISMATCH: DU***4567","LIVE_NOT_ARMED: SIM","AUDIT_UNAVAILABLE: recorded","TRADING_HALTED: active","CONTRACT_NOT_FOUND: conId 756733","CONTRACT_STALE: 1.0h of 24h","INVALID_FIELD: quantity=10","INVALID_FIELD: no price","INVALID_FIELD: no stop","INVALID_FIELD: known words","INVALID_FIELD: plain text","INVALID_FIELD: contract facts","INVALID_FIELD: new order","INVALID_FIELD: new order","PRICE_INCREMENT: no price","PRICE_INCREMENT: no price","NO_LIMIT_SET: STK","INSTRUMENT_NOT_ALLOWED: SPY","MARKET_CLOSED: open","BAD_QUOTE: 100.00 to 100.10","STALE_QUOTE: 1.0s of 15.0s","PRICE_COLLAR: no limit price","PRICE_COLLAR: no trigger","PRICE_COLLAR: any hours","FX_RATE_MISSING: 1","SIZE_INCREMENT: 10","MAX_ORDER_QTY: 10 of 1000000","MAX_ORDER_NOTIONAL: 1,051.05 of 1,000,000.00","MAX_POSITION: +10 of 9514","INSUFFICIENT_FUNDS: 1,051.05 of 90,000.00","SHORT_SALE: no short sale","DUPLICATE_ORDER: no repeat of 1min","DAILY_LOSS: +0.00% of -2.00%","SELF_MATCH: meets no own order","MAX_OPEN_ORDERS: 1 (SPY BUY) of 5","ORDER_RATE: 1 in 10s of 5"],"con_id":756733,"limit_price":null,"limits":"b4954e338ee59b3a67a0aadecc520727006800616ef662b5143792b41b308128","notional":"1051.050","order":"buy 10 SPY","outside_rth":false,"quantity":"10","reference_price":"100.10","replaces":null,"side":"BUY","source":{"cell_id":"","code_sha256":"","kind":"python","notebook":"","pid":0},"stop_price":null,"symbol":"SPY","tif":"DAY","type":"MKT","warnings":[]}','0000000000000000000000000000000000000000000000000000000000000000','f57bd736a3e1d4989412ce4b31c480740b946a8192ba2b66ff6e24aab3d713ec');
INSERT INTO "journal" VALUES(2,'2026-05-04T15:00:00.000000+00:00','INTENT','ELB:00000000000000000000000002','old kernel','{"account":"DU1234567","ask":"100.10","bid":"100.00","checks":["SESSION_NOT_READY: ready","ACCOUNT_MISMATCH: DU***4567","LIVE_NOT_ARMED: SIM","AUDIT_UNAVAILABLE: recorded","TRADING_HALTED: active","CONTRACT_NOT_FOUND: conId 756733","CONTRACT_STALE: 1.0h of 24h","INVALID_FIELD: quantity=10","INVALID_FIELD: price=99.00","INVALID_FIELD: no stop","INVALID_FIELD: known words","INVALID_FIELD: plain text","INVALID_FIELD: contract facts","INVALID_FIELD: new order","INVALID_FIELD: new order","PRICE_INCREMENT: 99.00","PRICE_INCREMENT: no price","NO_LIMIT_SET: STK","INSTRUMENT_NOT_ALLOWED: SPY","MARKET_CLOSED: open","BAD_QUOTE: 100.00 to 100.10","STALE_QUOTE: 1.0s of 15.0s","PRICE_COLLAR: 1.10% of 25.00%","PRICE_COLLAR: no trigger","PRICE_COLLAR: any hours","FX_RATE_MISSING: 1","SIZE_INCREMENT: 10","MAX_ORDER_QTY: 10 of 1000000","MAX_ORDER_NOTIONAL: 990.00 of 1,000,000.00","MAX_POSITION: +10 of 10101","INSUFFICIENT_FUNDS: 990.00 of 90,000.00","SHORT_SALE: no short sale","DUPLICATE_ORDER: no repeat of 1min","DAILY_LOSS: +0.00% of -2.00%","SELF_MATCH: meets no own order","MAX_OPEN_ORDERS: 1 (SPY BUY) of 5","ORDER_RATE: 1 in 10s of 5"],"con_id":756733,"limit_price":"99.00","limits":"b4954e338ee59b3a67a0aadecc520727006800616ef662b5143792b41b308128","notional":"990.00","order":"buy 10 SPY lmt 99.00","outside_rth":false,"quantity":"10","reference_price":"100.10","replaces":null,"side":"BUY","source":{"cell_id":"","code_sha256":"","kind":"python","notebook":"","pid":0},"stop_price":null,"symbol":"SPY","tif":"DAY","type":"LMT","warnings":[]}','f57bd736a3e1d4989412ce4b31c480740b946a8192ba2b66ff6e24aab3d713ec','b070d44d0f74953507e8fb8f0b10607a2cc51a9facbb57b6e15d1ba23c9b5d1d');
INSERT INTO "journal" VALUES(3,'2026-05-04T15:00:00.000000+00:00','StatusReported','ELB:00000000000000000000000001','old kernel','{"filled":"10","state":"filled","status":"Filled"}','b070d44d0f74953507e8fb8f0b10607a2cc51a9facbb57b6e15d1ba23c9b5d1d','da7da550a8a598771642132c2c43651b792e38d251e40729f4a8e724cfb13e14');
INSERT INTO "journal" VALUES(4,'2026-05-04T15:00:00.000000+00:00','FILL','ELB:00000000000000000000000001','old kernel','{"account":"DU1234567","commission":null,"con_id":756733,"currency":"USD","exchange":"SMART","execution_id":"0000e0d5.00000001.01.01","perm_id":77,"price":"100.00","quantity":"10","realized_pnl":null,"side":"BUY","symbol":"SPY","time":"2026-05-04T15:00:00.000000+00:00"}','da7da550a8a598771642132c2c43651b792e38d251e40729f4a8e724cfb13e14','ab9661a79ea0ce6126b2c582d746f9fbe99353522cfd48310a13c6c5ad787620');
INSERT INTO "journal" VALUES(5,'2026-05-04T15:00:00.000000+00:00','LATCH','','old kernel','{"by":"user","reason":"lunch","state":"HALTED"}','ab9661a79ea0ce6126b2c582d746f9fbe99353522cfd48310a13c6c5ad787620','ce61d6cfe871b7325a0daf15a9f94d9d127f0e9a01e85f9479595367ed6b2b4e');
CREATE TABLE latch (
    id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL, by TEXT NOT NULL, at TEXT, reason TEXT NOT NULL
) STRICT;
INSERT INTO "latch" VALUES(1,'HALTED','user','2026-05-04T15:00:00.000000+00:00','lunch');
CREATE TABLE order_ids (client_id INTEGER PRIMARY KEY, floor INTEGER NOT NULL) STRICT;
INSERT INTO "order_ids" VALUES(1,1);
CREATE TABLE orders (
    order_ref TEXT PRIMARY KEY, account TEXT NOT NULL, con_id INTEGER NOT NULL, symbol TEXT NOT NULL,
    side TEXT NOT NULL, quantity TEXT NOT NULL, order_type TEXT NOT NULL, limit_price TEXT, stop_price TEXT,
    tif TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, order_id INTEGER NOT NULL, client_id INTEGER NOT NULL,
    perm_id INTEGER NOT NULL, filled TEXT NOT NULL, fingerprint TEXT NOT NULL, owner TEXT NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL
) STRICT;
INSERT INTO "orders" VALUES('ELB:00000000000000000000000001','DU1234567',756733,'SPY','BUY','10','MKT',NULL,NULL,'DAY','','filled',1,1,77,'10','82cddb3da3a36f5aa55bc9c32b489c8630a7ab5ea7dd55a70d31f7daeacd6955','old kernel','2026-05-04T15:00:00.000000+00:00','2026-05-04T15:00:00.000000+00:00');
INSERT INTO "orders" VALUES('ELB:00000000000000000000000002','DU1234567',756733,'SPY','BUY','10','LMT','99.00',NULL,'DAY','','reserved',0,0,0,'0','09946745e416cf5db63be2ce2c17ca211a5c1e4d854a1114486fdafde174be74','old kernel','2026-05-04T15:00:00.000000+00:00','2026-05-04T15:00:00.000000+00:00');
CREATE TABLE settling (
    id INTEGER PRIMARY KEY, order_ref TEXT NOT NULL, account TEXT NOT NULL, con_id INTEGER NOT NULL,
    side TEXT NOT NULL, told_by TEXT NOT NULL, quantity TEXT NOT NULL, owner TEXT NOT NULL, at TEXT NOT NULL
) STRICT;
INSERT INTO "settling" VALUES(1,'ELB:00000000000000000000000001','DU1234567',756733,'BUY','status','10','old kernel','2026-05-04T15:00:00.000000+00:00');
INSERT INTO "settling" VALUES(2,'ELB:00000000000000000000000001','DU1234567',756733,'BUY','execution','10','old kernel','2026-05-04T15:00:00.000000+00:00');
CREATE INDEX orders_by_account ON orders (account, state);
CREATE INDEX orders_by_fingerprint ON orders (fingerprint, created_at);
CREATE INDEX fills_by_time ON fills (account, at);
CREATE INDEX attempts_by_time ON attempts (account, at);
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
COMMIT;
PRAGMA user_version = 1;
