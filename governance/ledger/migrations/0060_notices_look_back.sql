-- What notices tell of is found by when it ended, as in 0020.
CREATE INDEX money_orders_by_payment ON money_orders (paid_at) WHERE paid_at IS NOT NULL;
CREATE INDEX rights_requests_by_answer ON rights_requests (answered_at) WHERE state IN ('answered', 'refused');
