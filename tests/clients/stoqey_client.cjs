// What a program on @stoqey/ib does: `node stoqey_client.cjs PORT` where the package is installed; prints one JSON object.
const { IBApi, EventName, Stock, BarSizeSetting } = require('@stoqey/ib');

const port = Number(process.argv[2]);
const seen = { bars: 0 };
const ib = new IBApi({ host: '127.0.0.1', port, clientId: 23 });
const finish = () => {
  console.log(JSON.stringify(seen));
  ib.disconnect();
  process.exit(0);
};
setTimeout(finish, 15000);

const spy = new Stock('SPY', 'SMART', 'USD');
ib.on(EventName.server, version => {
  seen.version = version;
});
ib.on(EventName.error, (error, code) => {
  if (code < 2100 || code > 2200) seen.error = `${code}: ${error.message}`;
});
ib.once(EventName.nextValidId, orderId => {
  ib.on(EventName.contractDetails, (_, details) => {
    seen.conId = details.contract.conId;
  });
  ib.on(EventName.historicalData, (_, time) => {
    if (String(time).startsWith('finished')) {
      ib.placeOrder(orderId, spy, { action: 'BUY', orderType: 'MKT', totalQuantity: 4, transmit: true });
    } else {
      seen.bars += 1;
    }
  });
  ib.on(EventName.orderStatus, (_, status) => {
    seen.status = status;
    if (status === 'Filled') ib.reqPositions();
  });
  ib.on(EventName.position, (_account, contract, position) => {
    if (contract.symbol === 'SPY') seen.position = position;
  });
  ib.on(EventName.positionEnd, finish);
  ib.reqContractDetails(1, spy);
  ib.reqHistoricalData(2, spy, '', '1 D', BarSizeSetting.HOURS_ONE, 'TRADES', 0, 1, false);
});
ib.connect();
