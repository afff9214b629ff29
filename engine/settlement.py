"""Settlement: what time brings to the positions held, before anything is decided (mechanics §2, step 1)."""

from __future__ import annotations

from engine.agenda import CashFlow, Due, RewardPayout, TransferArrival, UnstakeClaim
from engine.components import Components
from engine.config import RunConfig
from engine.market import iso_hour
from engine.maths.perps import funding_payment
from engine.positions import LST_ISSUERS, WALLET, a_token, wallet_key
from engine.recorder import Recorder
from engine.strategies.rewards import reward_tokens
from engine.valuation import COMPONENT_INDEX


class Settlement:
    """Posts funding, finished unstaking, reward payouts and cash flows at their hours."""

    def __init__(self, run: RunConfig, components: Components, record: Recorder) -> None:
        self._c = components
        self._record = record
        self._lst = run.mode.lst_token
        self._hours = components.data_provider.hours
        schedule(run, components, self._hours)

    def funding(self, start: int, stop: int) -> None:
        """Funding due at the hours ``[start, stop)``, in time order, on the positions held into them."""
        ledger = self._c.ledger
        for due in self._c.position_monitor.schedule.between(start, stop):
            size = ledger.quantity(due.perp)
            if size == 0.0:
                continue
            amount = funding_payment(size, due.mark, due.rate)
            self._c.event_logger.record(
                self._hours[due.hour],
                "funding_settlement",
                due.perp.venue,
                due.perp.symbol,
                amount,
                due.mark,
                postings=((due.cash, amount),),
                details={"rate": due.rate, "size": size},
            )
            self._c.pnl_calculator.attribute_funding(self._record.attribution, due, amount)

    def due(self, hour: int) -> None:
        """Everything on the agenda at one hour, in the order it was put there."""
        for entry in self._c.agenda.at(hour):
            self._settle(entry, hour)

    def _settle(self, entry: Due, hour: int) -> None:
        match entry:
            case UnstakeClaim():
                fill = self._c.venues.staking[LST_ISSUERS[entry.lst]].claim(entry, hour)
                self._c.position_update_handler.apply((fill,), hour, self._record.attribution, "unstaking finished")
            case TransferArrival():
                fill = self._c.venues.transfers.arrive(entry, hour)
                self._c.position_update_handler.apply((fill,), hour, self._record.attribution, "transfer arrived")
            case RewardPayout():
                self._reward(entry, hour)
            case CashFlow() if entry.amount > 0.0:
                self._flow("deposit", entry.amount, hour)
            case CashFlow():
                self._ask(-entry.amount, hour)

    def pay_withdrawals(self, hour: int) -> None:
        """Pay what the wallet holds enough for, oldest request first."""
        for amount in self._c.treasury.payable():
            self._flow("withdrawal", -amount, hour)

    def _ask(self, amount: float, hour: int) -> None:
        """A withdrawal joins the queue; one that would take everything is refused (a run ends by closing instead)."""
        nav = float(self._record.nav[hour - 1])
        if self._c.treasury.outstanding + amount < nav:
            self._c.treasury.ask(amount)
            return
        self._c.event_logger.record(
            self._hours[hour],
            "withdrawal",
            WALLET,
            self._c.treasury.account.symbol,
            0.0,
            status="refused",
            reason="more than there is: close the run instead",
            details={"asked": amount, "outstanding": self._c.treasury.outstanding, "nav": nav},
        )

    def _flow(self, kind: str, amount: float, hour: int) -> None:
        account = self._c.treasury.account
        price = float(self._c.valuer.token_price(WALLET, account.symbol)[hour])
        self._c.event_logger.record(
            self._hours[hour], kind, WALLET, account.symbol, amount, price, postings=((account, amount),)
        )
        self._record.net_flows[hour] += amount

    def _reward(self, entry: RewardPayout, hour: int) -> None:
        """``rate per eETH × average eETH-equivalent held over the earning period`` arrives as dust.

        A period runs from 00:00 of its first day to the end of its last, or to the payout when that comes before;
        hours before the run began count as nothing held.
        """
        distribution = entry.distribution
        began = (distribution.period_start - self._hours[0]) // 3600
        ended = min((distribution.period_end - self._hours[0]) // 3600 + 24, hour)
        average = self._eeth_hours(max(began, 0), ended) / max(ended - began, 1)
        amount = distribution.rate_per_eeth * average
        if amount <= 0.0:
            return
        key = wallet_key(distribution.token)
        price = float(self._c.valuer.token_price(WALLET, distribution.token)[hour])
        value = amount * price / float(self._c.valuer.numeraire[hour])
        self._record.attribution[COMPONENT_INDEX["staking_yield_rewards"], hour] += value
        self._c.event_logger.record(
            self._hours[hour],
            "reward_received",
            "etherfi",
            distribution.token,
            amount,
            price,
            postings=((key, amount),),
            details={
                "period_start": iso_hour(distribution.period_start),
                "period_end": iso_hour(distribution.period_end),
                "rate_per_eeth": distribution.rate_per_eeth,
                "average_eeth": average,
                "data_quality": distribution.data_quality,
            },
        )

    def _eeth_hours(self, first: int, last: int) -> float:
        """Σ over the hours ``[first, last)`` of the eETH-equivalent held, free or supplied as collateral."""
        if self._lst is None or last <= first:
            return 0.0
        hours = slice(first, last)
        rate = self._c.data_provider.panel.oracle_rate[self._lst][hours]
        held = 0.0
        for key in (wallet_key(self._lst), a_token(self._lst)):
            if key in self._c.ledger.index:
                row = self._c.ledger.position(key)
                held += float((self._record.quantity[row, hours] * self._c.unit_values[row].tokens[hours] * rate).sum())
        return held


def schedule(run: RunConfig, components: Components, hours: list[int]) -> None:
    """Put the run's cash flows and its mode's reward payouts on the agenda."""
    for flow in run.cash_flows:
        hour = (int(flow.at.timestamp()) - hours[0]) // 3600
        components.agenda.add(hour, CashFlow(flow.amount))
    tokens = reward_tokens(run)
    for distribution in components.data_provider.panel.rewards:
        hour = (distribution.payout - hours[0]) // 3600
        if distribution.token in tokens and 0 < hour < len(hours):
            components.agenda.add(hour, RewardPayout(distribution))
