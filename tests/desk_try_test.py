import time
import pytest
from datetime import UTC, datetime
from streetmend.demo.filling.writing import fill
from streetmend.reports.models import *
from streetmend.demo.filling.town import set_up_where_empty
pytestmark = pytest.mark.django_db(transaction=True)
def test_it(settings,tmp_path):
    settings.MEDIA_ROOT=tmp_path/"p"
    NOW = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
    set_up_where_empty(now=NOW)
    t=time.time()
    import cProfile,pstats; p=cProfile.Profile(); p.enable(); fill(count=20000, seed=1, now=NOW, progress=lambda d,t: None); p.disable(); pstats.Stats(p).sort_stats("tottime").print_stats(14)
    print("fill", time.time()-t)
    print(CellCount.objects.count(), CellChange.objects.count(), ReportArea.objects.count())
    from django.db.models import Sum
    print(CellCount.objects.filter(of="all",level=3,category=0).aggregate(Sum("count")), Report.objects.filter(visible=True).count())
